"""E-mails, from the queue in the database to the mail server."""
