"""The rules of a client's session: what it may, what it is answered. No loop, no clock."""
