"""From a TCP connection to a client's session: handshake, WebSocket, event stream."""
