"""What notes and comments are, and which changes to them are legal. Pure: no I/O, no clock."""
