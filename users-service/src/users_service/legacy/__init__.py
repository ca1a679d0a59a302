"""The REST interface of the original users service, behind API keys."""
