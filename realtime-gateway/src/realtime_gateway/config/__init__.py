"""The options, where they come from, and what they must satisfy."""
