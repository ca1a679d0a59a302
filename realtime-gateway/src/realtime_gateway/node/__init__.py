"""What a node has of its own: its clients, their users, and the effects of sessions."""
