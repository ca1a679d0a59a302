"""What must be identical in every service: two copies that differ would be a bug.

Six modules, no domain word, no global, nothing started on import.
"""

# The one version of Notes, and of every package. An image has no packages to ask.
__version__ = "0.1.0"
