"""What must be identical in every service: where two copies would differ, it would be a bug.

Six modules, no domain word, no global, nothing started on import.
"""
