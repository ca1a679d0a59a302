"""Passwords, and which ways to sign in count."""
