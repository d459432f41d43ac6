"""Signing in and out: password, and a code from an app where one is set up."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from lamplighter.errors import LamplighterError, NotSignedIn, TooManyRequests
from lamplighter.store import organization, staff
from lamplighter.web.console import Frame, framed
from lamplighter.web.door import (
    CSRF,
    SESSION,
    Form,
    cookie_name,
    csrf_of,
    forget_cookie,
    organization_of,
    set_cookie,
)
from lamplighter.web.pages import render

router = APIRouter()
LENGTH = int(staff.SESSION_LENGTH.total_seconds())


@router.get("/sign-in")
def form(request: Request, next: str = "") -> Response:
    """The form; a browser without a form token gets one."""
    return _form(request, next=next)


@router.post("/sign-in")
def sign_in(request: Request, fields: Form) -> Response:
    """Start a session under a new token, or say in words why not."""
    application = request.app.state.application
    email, password = str(fields.get("email") or "").strip(), str(fields.get("password") or "")
    code = str(fields.get("code") or "").replace(" ", "") or None
    slug = str(fields.get("organization") or "") or None
    organization_id, _ = organization_of(request, slug)
    try:
        with application.store.session(organization_id) as session:
            token = staff.sign_in(
                session,
                email,
                password,
                code,
                application.clock(),
                address=request.client.host if request.client else "",
            )
    except (NotSignedIn, TooManyRequests) as problem:
        return _form(request, next=str(fields.get("next") or ""), email=email, problem=problem, slug=slug)
    response = RedirectResponse(_inside(str(fields.get("next") or "")), 303)
    set_cookie(request, response, SESSION, token, LENGTH)
    forget_cookie(request, response, CSRF)
    return response


@router.post("/sign-out")
def sign_out(request: Request, fields: Form, frame: Annotated[Frame, Depends(framed)]) -> Response:
    """End the session on the server, then in the browser."""
    token = request.cookies.get(cookie_name(request, SESSION), "")
    with request.app.state.application.store.session(frame.caller.organization_id) as session:
        staff.sign_out(session, token)
    response = RedirectResponse("/console/sign-in", 303)
    forget_cookie(request, response, SESSION)
    forget_cookie(request, response, CSRF)
    return response


def _form(
    request: Request,
    *,
    next: str,
    email: str = "",
    problem: LamplighterError | None = None,
    slug: str | None = None,
) -> Response:
    organization_id, slug = organization_of(request, slug)
    with request.app.state.application.store.session(organization_id) as session:
        name = organization.settings_of(session).name
    response = render(
        request,
        "console/sign_in.html",
        problem.status if problem else 200,
        csrf=csrf_of(request),
        next=next,
        email=email,
        problem=str(problem) if problem else "",
        organization=name,
        organization_slug=slug,
    )
    if isinstance(problem, TooManyRequests):
        response.headers["Retry-After"] = str(int(str(problem.details.get("retry_after", 60))))
    return response


def _inside(address: str) -> str:
    """Only an address of our own console: never a way to send people elsewhere."""
    parts = urlsplit(address)
    is_ours = (
        not parts.scheme and not parts.netloc and parts.path.startswith("/console") and "\\" not in address
    )
    return address if is_ours and not address.startswith("//") else "/console"
