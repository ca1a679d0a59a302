"""The use cases of accounts: registration, profile, e-mail, administration, deletion."""
