"""The rules and their refusals. Pure: no framework, no database, no event loop."""
