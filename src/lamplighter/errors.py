"""Every error a person or a program can meet, as one tree.

    LamplighterError
    ├── InvalidInput        422  what was given cannot be used as it is
    │   ├── UnreadableFile       a file or an element of it cannot be read
    │   ├── UnknownSource        no source plug-in of that name
    │   └── InvalidAudience      a definition names what does not exist
    ├── NotSignedIn         401
    ├── NotAllowed          403  signed in, but not for this
    │   ├── ConsentRequired      nothing on file allows this purpose
    │   └── WrongPurpose         declared for another purpose
    ├── NotFound            404
    ├── Conflict            409  the state has moved on
    │   └── LoadWouldEndTooMuch  a full load would end over 5 % of a file's rows
    ├── TooManyRequests     429  retry: after a pause
    ├── Unavailable         503  retry: a part this needs is not running
    │   └── InstallationInUse    another process works on this data folder
    └── Misconfigured       500  the installation needs a hand

Each class carries a stable ``code`` (part of the API), the HTTP ``status`` and whether trying the same
again can help (``retryable``). The message is a sentence for a person: what happened, and what to do.
"""


class LamplighterError(Exception):
    """Root of the tree. ``str(error)`` is the sentence; ``code`` is stable; ``details`` is plain data."""

    code = "error"
    status = 500
    retryable = False

    def __init__(self, message: str, **details: object) -> None:
        super().__init__(message)
        self.details = details


class InvalidInput(LamplighterError):
    code, status = "invalid_input", 422


class UnreadableFile(InvalidInput):
    code = "unreadable_file"


class UnknownSource(InvalidInput):
    code = "unknown_source"


class InvalidAudience(InvalidInput):
    code = "invalid_audience"


class NotSignedIn(LamplighterError):
    code, status = "not_signed_in", 401


class NotAllowed(LamplighterError):
    code, status = "not_allowed", 403


class ConsentRequired(NotAllowed):
    code = "consent_required"


class WrongPurpose(NotAllowed):
    code = "wrong_purpose"


class NotFound(LamplighterError):
    code, status = "not_found", 404


class Conflict(LamplighterError):
    code, status = "conflict", 409


class LoadWouldEndTooMuch(Conflict):
    code = "load_would_end_too_much"


class TooManyRequests(LamplighterError):
    code, status, retryable = "too_many_requests", 429, True


class Unavailable(LamplighterError):
    code, status, retryable = "unavailable", 503, True


class InstallationInUse(Unavailable):
    code = "installation_in_use"


class Misconfigured(LamplighterError):
    code, status = "misconfigured", 500
