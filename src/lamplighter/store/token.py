"""Secrets that we hand out: ``<kind>_<organization>_<secret>``. Only their hash is kept.

The organization stands in the token, so that a session can be opened in it; the hash covers the whole token, so
a changed organization finds nothing. The secret has 256 random bits: a fast hash is enough for it, as it is not
for a password.
"""

import hashlib
import secrets
from uuid import UUID

from lamplighter.errors import NotSignedIn


def mint(kind: str, organization_id: UUID) -> tuple[str, bytes]:
    """A new token and the hash to keep."""
    token = f"{kind}_{organization_id.hex}_{secrets.token_hex(32)}"
    return token, digest(token)


def digest(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


def organization_of(token: str, kind: str) -> UUID:
    """Whose token it says it is; true only once its hash is found there."""
    parts = token.split("_")
    try:
        if len(parts) != 3 or parts[0] != kind:
            raise ValueError
        return UUID(hex=parts[1])
    except ValueError:
        raise NotSignedIn("This key or session is not one of ours. Check that it was copied whole.") from None
