"""The ways in for who has an account, and proving once more who one is."""
