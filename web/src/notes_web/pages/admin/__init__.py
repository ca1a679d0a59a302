"""Administration: accounts, invitations, the audit log."""
