"""Texts of notes compared and merged. Pure."""
