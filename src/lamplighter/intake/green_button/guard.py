"""How far a document may go before it is refused, and the words for it.

Expat itself stops at nothing: a million open elements, a comment without end. No real file comes near these.
"""

from xml.parsers import expat

CHUNK = 65_536
"""Bytes that are read at a time."""

MAX_DEPTH = 64
MAX_TEXT = 1_000_000
MAX_NODES = 20_000
MAX_ENTRIES = 250_000


class Refusal(Exception):  # it is caught here, a reader never sees it
    """Raised inside a handler to stop reading: a finding's code and a sentence."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def silent_before(read: int) -> int:
    """Of ``read`` bytes, those before this one expat must have reported, or one tag is longer than allowed."""
    return read - MAX_TEXT - 2 * CHUNK


def broken_words(error: expat.ExpatError, final: bool) -> str:
    """What expat's message means to a person."""
    words = expat.ErrorString(error.code)
    if final:
        return f"the file ends in the middle ({words})."
    if words == "unbound prefix":
        return "a namespace prefix is used that is never declared (xmlns:… is missing), so this is not valid XML."
    return f"the XML is broken here ({words})."
