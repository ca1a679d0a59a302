"""Passwords, and the ways to sign in that the operator has enabled."""
