"""The facts: rows that are only ever added, declared once in ``tables/``, held by an engine, read as Ibis expressions.

It never knows the store, a person's consent or whose request it serves: who may see a row is decided above.
"""
