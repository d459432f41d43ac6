"""What the facts mean. Reads the warehouse, writes its own sections of the profile; never sends, never lands.

- ``usage``: interval reads of a place through ``customers.release``, and monthly totals of every customer.
"""

MODULES = ("usage", "monthly_usage")
"""Modules that declare jobs or store tables."""

ON = {"batch.landed": ("insight.refresh_usage",), "batch.withdrawn": ("insight.refresh_usage",)}
"""Event → jobs that listen to it."""

SECTIONS = ("usage",)
"""Sections of the customer 360 that this room writes."""
