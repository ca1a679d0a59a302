"""HTTP: authentication, error responses, and the routes of /v1."""
