"""Nouns: enums and frozen dataclasses without I/O. Nothing here imports another room."""
