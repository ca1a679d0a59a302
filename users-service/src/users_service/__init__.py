"""Who may do what: accounts, sign-ins, and the tokens that other services believe."""
