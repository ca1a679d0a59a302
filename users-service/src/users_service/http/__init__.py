"""HTTP: who calls, how refusals are told, and the routes of /v1."""
