"""What a node has of its own: its clients, their users, and answers to what sessions ask."""
