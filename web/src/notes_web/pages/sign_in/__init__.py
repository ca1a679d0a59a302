"""Signing in by every method, and resetting a password."""
