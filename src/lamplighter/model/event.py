"""The registry of event names: the only map between the stored key and the name on the wire.

Rule (Segment's "Object Action"): ``bill.viewed`` is stored, ``Bill Viewed`` travels. A foreign name is
stored as it came, with a slug of it as key.
"""

import re

KEYS = (
    # customers and consent
    "customer.landed", "relationship.landed", "contact_point.landed", "account.landed", "agreement.landed",
    "consent.given", "consent.revoked", "consent.declined", "profile.merged", "preference.updated",
    "situation.changed", "privacy_request.done",
    # places and meters
    "service_location.landed", "usage_point.landed", "meter.landed", "meter.added",
    "usage.landed", "register_read.landed", "meter_event.landed",
    # money
    "bill.issued", "bill.corrected", "bill.viewed", "payment.landed", "payment.made", "collection.landed",
    "arrangement.landed",
    # service
    "case.landed", "survey.landed", "outage.landed", "field_visit.landed", "water_sample.landed",
    "enrolment.landed",
    # connections
    "connect_link.sent", "connect_link.opened", "attestation.answered", "utility.selected", "login.attempted",
    "mfa.challenged", "connection.updated", "connection.failed", "connection.completed",
    "connection.expiring", "connection.expired", "connection.revoked", "connection.handed_back",
    "data.delivered",
    # messages
    "touch.due", "message.requested", "message.sent", "message.delivered", "message.opened",
    "message.clicked", "message.bounced", "message.complained", "message.unsubscribed",
    "message.suppressed",
    # the house
    "batch.landed", "batch.withdrawn", "page.viewed", "signed.in",
    # programs
    "program.enrolled",
)  # fmt: skip

_UPPER = {"mfa": "MFA", "sms": "SMS"}


def _wire(key: str) -> str:
    words = key.replace(".", " ").replace("_", " ").split()
    return " ".join(_UPPER.get(word, word.capitalize()) for word in words)


WIRE = {key: _wire(key) for key in KEYS}
_STORED = {wire.casefold(): key for key, wire in WIRE.items()}


def key_of(name: str) -> str:
    """The stored key of a name in either spelling; a slug for a foreign name."""
    if name in WIRE:
        return name
    known = _STORED.get(name.strip().casefold())
    return known or (re.sub(r"[^a-z0-9.]+", "_", name.strip().casefold()).strip("_.") or "unnamed")


def wire_of(key: str) -> str:
    """The name on the wire: ``bill.viewed`` → ``Bill Viewed``; foreign keys stay as they are."""
    return WIRE.get(key, key)
