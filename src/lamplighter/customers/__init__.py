"""The customer: who is who, where they live and since when, what they allow, and the one exit of their data.

    identity      records → persons with permanent ids (``matching``, ``survivorship``)
    occupancy, household, situation
                  who lives where, with whom, and what holds for them now
    profile, section, search, timeline, bill
                  the customer 360, ready to be read by key
    consent, purposes
                  what a person allows, and what for
    release, privacy
                  how personal data leaves: clipped, permitted, noted down; export and erasure
    audience      a set of profiles, households, places or businesses as one expression

It never sends anything, and it knows no web, no meter arithmetic and no program rules.
"""

from lamplighter.customers.profile import SECTIONS
from lamplighter.customers.refresh import ON

MODULES = (
    "identity", "occupancy", "household", "situation", "profile", "section", "search", "timeline", "bill",
    "consent", "consent_text", "purposes", "release", "privacy", "audience", "refresh",
)  # fmt: skip
"""Modules that declare tables or jobs; ``app`` imports them all."""

__all__ = ["MODULES", "ON", "SECTIONS"]
