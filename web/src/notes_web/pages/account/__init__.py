"""Everyone's own account: profile, sign-in methods, sessions, API tokens."""
