"""The versions of a note: their list, what changed between them, and bringing one back."""
