"""The HTTP interface for programs with a personal API token."""
