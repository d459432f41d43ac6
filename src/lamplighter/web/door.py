"""Who is asking: a member of staff by cookie, or a program by API key. And may they?

Session and key carry their organization (its hash covers it), so a transaction can be opened in it; every form
carries the token that belongs to the browser; an unsafe request of a browser that comes from elsewhere
is refused.
"""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.datastructures import FormData
from starlette.responses import Response

from lamplighter.context import Actor, Context
from lamplighter.errors import NotAllowed, NotSignedIn
from lamplighter.store import key, organization, staff

SESSION, CSRF = "lamplighter_session", "lamplighter_csrf"
SCOPES = {
    "customers.read": "profiles:read",
    "customers.search": "profiles:read",
    "audiences.read": "audiences:read",
    "audiences.write": "audiences:write",
    "data.read": "data:read",
    "data.write": "data:write",
    "consents.write": "consents:write",
}
"""Permission of staff → scope of a key that opens the same endpoint. What is not here is for people only."""

DEEDS = {
    "customers.search": "find customers", "customers.read": "open a customer and see their data",
    "audiences.read": "count audiences", "audiences.write": "save and change audiences",
    "data.read": "see data health and the catalog", "data.write": "replay rows and take batches back",
    "consents.write": "record what a customer allows", "privacy.write": "work on privacy requests",
    "audit.read": "read the audit log", "staff.manage": "manage staff", "settings.write": "change settings",
}  # fmt: skip
"""What each permission lets a person do, in words."""

bearer = HTTPBearer(auto_error=False, description="An API key, or the console's own session cookie.")


@dataclass(frozen=True)
class Caller:
    """Who asks, for which organization. ``role`` is empty for a key, ``purpose`` for a member of staff."""

    organization_id: UUID
    actor: Actor
    name: str
    role: str = ""
    permissions: frozenset[str] = field(default_factory=frozenset)
    scopes: frozenset[str] = field(default_factory=frozenset)
    purpose: str = ""
    email: str = ""

    def may(self, permission: str) -> bool:
        return permission in self.permissions or SCOPES.get(permission) in self.scopes


def caller(
    request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)] = None
) -> Caller:
    """The caller of an API endpoint; NotSignedIn with the two ways in."""
    if given is not None:
        return _of_key(request, given.credentials)
    return staff_caller(request)


def staff_caller(request: Request) -> Caller:
    """The member of staff behind the session cookie."""
    application = request.app.state.application
    secret = request.cookies.get(cookie_name(request, SESSION), "")
    if not secret:
        raise NotSignedIn("Sign in first: at /console, or with an API key in the Authorization header.")
    with application.store.session(staff.organization_of_token(secret)) as session:
        who = staff.staff_of_token(session, secret, application.clock())
    if request.method not in ("GET", "HEAD", "OPTIONS") and not is_same_origin(request):
        raise NotAllowed(
            "This request came from another site and was refused. Open the console and try there."
        )
    return Caller(
        who.organization_id,
        Actor("staff", str(who.id)),
        who.name,
        who.role,
        permissions=who.permissions,
        email=who.email,
    )


def _of_key(request: Request, secret: str) -> Caller:
    application = request.app.state.application
    identity = key.find(application.store, secret, application.clock())
    return Caller(
        identity.organization_id,
        Actor("key", str(identity.id)),
        identity.name,
        scopes=identity.scopes,
        purpose=identity.purpose,
    )


def allowed(permission: str) -> Callable[..., Context]:
    """Dependency of an API endpoint: the caller's context, or 403 in a sentence that names what is missing."""

    def context(request: Request, who: Annotated[Caller, Depends(caller)]) -> Context:
        check(who, permission)
        request.state.caller = who
        found: Context = request.app.state.application.context(who.organization_id, who.actor)
        return found

    context.permission = permission  # type: ignore[attr-defined]
    return context


def check(who: Caller, permission: str) -> None:
    """Raise NotAllowed unless the caller may."""
    if who.may(permission):
        return
    if who.actor.kind == "key":
        scope = SCOPES.get(permission)
        need = f"the scope “{scope}”" if scope else "a person's sign-in"
        raise NotAllowed(f"This key may not do that: it needs {need}.", missing=scope or permission)
    role = who.role.replace("_", " ")
    raise NotAllowed(
        f"Your role is {role}. It does not let you {DEEDS[permission]}. An administrator can change it.",
        missing=permission,
    )


def is_same_origin(request: Request) -> bool:
    """Whether a browser's unsafe request comes from our own pages."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin") or request.headers.get("referer")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def is_secure(request: Request) -> bool:
    """Whether cookies must travel encrypted: always in production."""
    settings = request.app.state.application.settings
    return settings.environment == "production" or request.url.scheme == "https"


def cookie_name(request: Request, name: str) -> str:
    """``__Host-`` binds a cookie to exactly this host; browsers take it on HTTPS only."""
    return f"__Host-{name}" if is_secure(request) else name


def set_cookie(
    request: Request, response: Response, name: str, value: str, seconds: int | None = None
) -> None:
    """A cookie no script reads and no other site sends along."""
    response.set_cookie(
        cookie_name(request, name), value, max_age=seconds, path="/", httponly=True, samesite="lax",
        secure=is_secure(request),
    )  # fmt: skip


def forget_cookie(request: Request, response: Response, name: str) -> None:
    """Take a cookie back."""
    response.delete_cookie(
        cookie_name(request, name), path="/", httponly=True, samesite="lax", secure=is_secure(request)
    )


def csrf_of(request: Request) -> str:
    """The token of this browser: what its forms must carry."""
    kept: str = getattr(request.state, "csrf", "") or request.cookies.get(cookie_name(request, CSRF), "")
    request.state.csrf = kept or secrets.token_urlsafe(24)
    return str(request.state.csrf)


def keep_csrf(request: Request, response: Response) -> None:
    """Give the browser its form token where a page drew a form and it has none yet."""
    drawn = getattr(request.state, "csrf", "")
    if drawn and request.cookies.get(cookie_name(request, CSRF)) != drawn:
        set_cookie(request, response, CSRF, drawn)


async def form(request: Request) -> FormData:
    """The fields of a form that one of our own pages sent; NotAllowed otherwise."""
    fields = await request.form(max_fields=200, max_files=0)
    kept = request.cookies.get(cookie_name(request, CSRF), "")
    sent = str(fields.get("csrf") or "")
    if not kept or not hmac.compare_digest(kept, sent) or not is_same_origin(request):
        raise NotAllowed(
            "This form was open too long or came from another site. Open the page again and retry."
        )
    return fields


Form = Annotated[FormData, Depends(form)]


def organization_of(request: Request, slug: str | None = None) -> tuple[UUID, str]:
    """The organization of a page before sign-in: by host name, by ``?organization=``, or the only one."""
    slug = slug or request.query_params.get("organization") or None
    host = (request.headers.get("host") or "").rsplit(":", 1)[0]
    with request.app.state.application.store.system_session() as session:
        return organization.find(session, slug=slug, host=host), slug or ""


def context_of(request: Request, who: Caller) -> Context:
    """The caller's own context, as rooms take it."""
    found: Context = request.app.state.application.context(who.organization_id, who.actor)
    return found


def recipient_and_purpose(request: Request) -> tuple[str, str]:
    """As ``customers.release`` asks: a key reads for the purpose it declared, staff to serve the customer."""
    who: Caller = request.state.caller
    return str(who.actor), who.purpose or "customer_service"
