"""The Centrifuge client protocol v2 as bytes: commands in, replies and pushes out."""
