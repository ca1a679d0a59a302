"""`notes-users`: accounts from the command line."""
