"""The pages: each parses a request, asks the services behind, and renders a template."""
