"""What is kept of a note's past."""
