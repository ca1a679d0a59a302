"""Sessions, and the tokens that stand for them or for a person's scripts."""
