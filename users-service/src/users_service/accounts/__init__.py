"""What happens to accounts: made, changed, administered, deleted."""
