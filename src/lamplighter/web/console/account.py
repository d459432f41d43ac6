"""One's own account: the code from an app, and what the role may do."""

from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from lamplighter.errors import InvalidInput
from lamplighter.store import staff
from lamplighter.web.console import Frame, Signed
from lamplighter.web.console.health import Told
from lamplighter.web.door import DEEDS, Form, context_of
from lamplighter.web.pages import render

router = APIRouter(prefix="/account")


@router.get("")
def account(request: Request, frame: Signed) -> Response:
    """Who one is here."""
    return _page(request, frame)


@router.post("/enrol-code")
def enrol_code(request: Request, fields: Form, frame: Signed) -> Response:
    """Make a secret and show it once."""
    with context_of(request, frame.caller).session() as session:
        address = staff.enrol_code(session, _id(frame))
    secret = parse_qs(urlsplit(address).query)["secret"][0]
    return _page(request, frame, secret=secret)


@router.post("/confirm-code")
def confirm_code(request: Request, fields: Form, frame: Signed) -> Response:
    """Ask for the code from now on, once the app showed the right one."""
    try:
        with context_of(request, frame.caller).session() as session:
            staff.confirm_code(session, _id(frame), str(fields.get("code") or ""), frame.now)
    except InvalidInput as problem:
        return _page(request, frame, [Told("bad", "warning", str(problem))], status=422)
    return RedirectResponse("/console/account", 303)


def _page(
    request: Request, frame: Frame, told: list[Told] | None = None, secret: str = "", status: int = 200
) -> Response:
    with context_of(request, frame.caller).session() as session:
        enrolled = staff.asks_for_code(session, _id(frame))
    view: dict[str, Any] = {
        "told": told or [],
        "secret": secret,
        "enrolled": enrolled,
        "may": [words.capitalize() for key, words in DEEDS.items() if frame.caller.may(key)],
        "may_not": [words.capitalize() for key, words in DEEDS.items() if not frame.caller.may(key)],
    }
    return render(request, "console/account.html", status, view=view)


def _id(frame: Frame) -> UUID:
    return UUID(frame.caller.actor.id)
