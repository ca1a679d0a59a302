"""A WebSocket gateway over Redis that speaks the Centrifuge client protocol v2."""
