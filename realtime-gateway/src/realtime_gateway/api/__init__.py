"""What operators and services ask over HTTP: the server API, the status page, metrics."""
