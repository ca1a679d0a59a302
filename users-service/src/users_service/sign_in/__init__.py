"""Signing in to an account: passwords, second steps, passkeys, links, re-authentication."""
