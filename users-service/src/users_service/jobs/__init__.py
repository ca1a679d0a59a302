"""What runs in the background or at every start."""
