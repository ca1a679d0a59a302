"""Notes and their comments, over HTTP; every committed change is announced in Redis."""
