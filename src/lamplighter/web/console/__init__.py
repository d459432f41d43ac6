"""Pages for staff. Each module holds one subject's routes, with its templates beside it."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request

from lamplighter.store import organization
from lamplighter.web import pages
from lamplighter.web.door import Caller, check, csrf_of, staff_caller


@dataclass(frozen=True)
class Item:
    """One entry of the side bar."""

    key: str
    label: str
    icon: str
    href: str
    needs: str


NAVIGATION = (
    Item("home", "Home", "home", "/console", ""),
    Item("customers", "Customers", "people", "/console/customers", "customers.search"),
    Item("audiences", "Audiences", "target", "/console/audiences", "audiences.read"),
    Item("catalog", "Catalog", "book", "/console/catalog", "data.read"),
    Item("health", "Data health", "pulse", "/console/health", "data.read"),
)


@dataclass(frozen=True)
class Frame:
    """What each page of the console shows around its content, and how it words times."""

    caller: Caller
    organization: str
    currency: str
    zone: ZoneInfo
    now: datetime
    csrf: str

    @property
    def nav(self) -> list[Item]:
        return [item for item in NAVIGATION if not item.needs or self.caller.may(item.needs)]

    @property
    def zone_name(self) -> str:
        return self.now.astimezone(self.zone).strftime("%Z")

    def words(self) -> dict[str, Any]:
        """Functions for templates, in the organization's own time."""
        return {
            "day": partial(pages.day, zone=self.zone),
            "moment": partial(pages.moment, zone=self.zone),
            "short": partial(pages.short, zone=self.zone, now=self.now),
            "ago": partial(pages.ago, now=self.now),
        }


def framed(request: Request, who: Annotated[Caller, Depends(staff_caller)]) -> Frame:
    """The frame of a signed-in page; NotSignedIn leads to the sign-in."""
    application = request.app.state.application
    with application.store.session(who.organization_id) as session:
        settings = organization.settings_of(session)
    frame = Frame(
        who,
        settings.name,
        settings.currency,
        ZoneInfo(settings.timezone),
        application.clock(),
        csrf_of(request),
    )
    request.state.frame = frame
    return frame


Signed = Annotated[Frame, Depends(framed)]


def seen_by(permission: str) -> Any:
    """Dependency of a page: its frame, or the page that says what the role lacks."""

    def page(frame: Annotated[Frame, Depends(framed)]) -> Frame:
        check(frame.caller, permission)
        return frame

    page.permission = permission  # type: ignore[attr-defined]
    return Depends(page)


router = APIRouter()

from lamplighter.web.console import (  # noqa: E402 — the routes need the frame above
    account,
    audience,
    catalog,
    customer,
    customers,
    health,
    home,
    sign_in,
)

for module in (sign_in, home, customers, customer, audience, catalog, health, account):
    router.include_router(module.router, prefix="/console")

__all__ = ["NAVIGATION", "Frame", "Item", "Signed", "framed", "router", "seen_by"]
