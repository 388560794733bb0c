"""STOMP over the browser's own WebSocket, in Python."""
