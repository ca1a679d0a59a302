"""The whole of Notes on one machine, without Docker, and the command `./notes`."""
