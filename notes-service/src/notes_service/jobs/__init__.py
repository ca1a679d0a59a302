"""What this service does in the background, for as long as it runs."""
