"""The demo: a made-up town, loaded through the same door as any utility's data.

Nothing here is taken from real customers, and nothing outside this package depends on it.
"""

from lamplighter.demo.town import Town, write_town

__all__ = ["Town", "write_town"]
