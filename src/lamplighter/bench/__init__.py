"""Benchmarks that ship with the product: each does our work and a baseline's beside it and answers the ratio."""
