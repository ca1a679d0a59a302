"""The channels that a node follows, kept complete, and the fast path to their members."""
