"""What the services that have a database of their own share; the gateway and web do without."""
