"""Sessions, access tokens and API tokens."""
