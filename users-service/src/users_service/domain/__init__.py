"""The rules and the errors they raise. Pure: no framework, no database, no event loop."""
