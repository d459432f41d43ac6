"""What waits for the end of a transaction."""

from collections.abc import Callable

from sqlalchemy.orm import Session

Then = Callable[[], object]


def after_commit(session: Session, then: Then) -> None:
    """Call ``then`` once ``Store.session`` has committed; never if it rolls back."""
    session.info.setdefault("after_commit", []).append(then)


def committed(session: Session) -> None:
    """Called by ``Store.session`` only."""
    for then in session.info.pop("after_commit", ()):
        then()
