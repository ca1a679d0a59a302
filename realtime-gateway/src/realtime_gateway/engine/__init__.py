"""Redis: live messages, presence, and what nodes tell each other."""
