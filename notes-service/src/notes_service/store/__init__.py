"""Every SQL statement of this service.

Functions take the caller's connection and never commit: the use case owns the transaction. A
statement that changes a note inserts the messages that announce it, so the two are committed
together or not at all.
"""
