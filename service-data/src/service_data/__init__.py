"""What services with a database of their own share; the gateway and web do without."""
