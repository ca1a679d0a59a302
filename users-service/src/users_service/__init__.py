"""Accounts, sign-in and sessions, and the tokens that other services accept."""
