"""The web front of Notes: server-rendered pages, made live by small islands."""
