"""Encryption, signing keys and random tokens."""
