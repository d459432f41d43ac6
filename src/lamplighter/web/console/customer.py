"""The customer 360: a caller's story in ten seconds. Opening it is on record; values are masked until asked for."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from lamplighter.customers import profile, release, timeline
from lamplighter.customers.wire import Page
from lamplighter.errors import Unavailable
from lamplighter.web.console import Frame, seen_by
from lamplighter.web.console.customer_history import Query, timeline_section
from lamplighter.web.console.customer_view import view_of
from lamplighter.web.door import context_of
from lamplighter.web.pages import render

router = APIRouter(prefix="/customers")
READ = seen_by("customers.read")
FILTERS = {"": "All", "money": "Money", "contact": "Contact", "service": "Service"}
KINDS = {"money": ("bill", "payment", "collection"), "contact": ("case", "survey", "consent", "event"),
         "service": ("outage", "move", "program")}  # fmt: skip
PAGE = 10


@router.get("/{profile_id}")
def customer(
    request: Request,
    profile_id: str,
    service: str = "",
    show: str = "",
    kind: str = "",
    before: str | None = None,
    found: str = "",
    bills: int = 6,
    frame: Frame = READ,
) -> Response:
    """One customer on one screen."""
    context = context_of(request, frame.caller)
    body = profile.get(context, profile_id)
    if body["id"] != profile_id:
        return RedirectResponse(f"/console/customers/{body['id']}", 303)
    kind = kind if kind in FILTERS else ""
    query = Query(profile_id, service, bool(show), kind, found, bills)
    empty = "Nothing of this kind has happened." if kind else "Nothing has happened yet."
    try:
        page = timeline.timeline(
            context, profile_id, kinds=KINDS.get(kind, ()), limit=PAGE, page_token=before
        )
    except Unavailable:  # the rest of the page is read by key and stands without the warehouse
        page, empty = Page([], None), "The timeline does not answer right now. Everything else is as usual."
    rows: tuple[dict[str, Any], Page] = (body, page)
    body, page = release.release_rows(
        context, str(context.actor), "customer_service", rows, profile_id, contents=["profile", "timeline"],
        reason="values shown" if show else "customer opened",
    ).rows  # fmt: skip
    earlier = query.address(before=page.next_page_token) + "#timeline-card" if page.next_page_token else ""
    view = view_of(body, frame, query, timeline_section(page.items, query, FILTERS, earlier, empty))
    return render(request, "console/customer.html", view=view)
