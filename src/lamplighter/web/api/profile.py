"""One customer for programs: the customer 360, its timeline, and what the person allows."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from lamplighter.context import Context
from lamplighter.customers import consent, identity, profile, release, timeline
from lamplighter.errors import InvalidInput
from lamplighter.web.api.answer import Limit, PageToken, answer, listed
from lamplighter.web.door import allowed, recipient_and_purpose

router = APIRouter(prefix="/profiles", tags=["profiles"])
Reader = Annotated[Context, Depends(allowed("customers.read"))]

EXAMPLE = {
    "id": "pr_7f3a", "kind": "person", "name": "Rosa Delgado", "stage": "active",
    "identifiers": [{"kind": "email", "value": "rosa@example.org", "source": "cis", "verified_at": None}],
    "situations": [{"kind": "open_complaint", "since": "2026-11-12T17:00:00Z", "until": None}],
    "sections": {"accounts": {"as_of": "2026-11-19T06:00:00Z", "items": []}},
    "merged_from": [], "as_of": "2026-11-19T06:00:00Z",
}  # fmt: skip


@router.get(
    "",
    summary="Find one customer by identifier",
    responses={200: {"content": {"application/json": {"example": EXAMPLE}}}},
)
def find(
    request: Request,
    context: Reader,
    identifier: Annotated[
        str, Query(description="Profile id, e-mail, phone or account number.", max_length=200)
    ],
) -> Response:
    """The customer 360 of whoever this identifier names. A merged id answers with the present profile."""
    if not identifier.strip():
        raise InvalidInput("Name an identifier: a profile id, e-mail, phone or account number.")
    with context.session() as session:
        found = profile.find(session, identifier)
    return answer(_body(request, context, found))


@router.get(
    "/{profile_id}",
    summary="One customer 360",
    responses={200: {"content": {"application/json": {"example": EXAMPLE}}}},
)
def get(request: Request, context: Reader, profile_id: str) -> Response:
    """Everything on one screen: who, accounts, places, bills, use, consents, situations."""
    return answer(_body(request, context, profile_id))


@router.get("/{profile_id}/timeline", summary="What happened, newest first")
def events(
    request: Request,
    context: Reader,
    profile_id: str,
    limit: Limit = 50,
    page_token: PageToken = None,
    kind: Annotated[
        list[str] | None, Query(description=f"Only these kinds, repeated: {', '.join(timeline.KINDS)}.")
    ] = None,
) -> Response:
    """Items `{at, event, title, source, properties}`."""
    recipient, purpose = recipient_and_purpose(request)
    page = timeline.timeline(context, profile_id, kinds=kind or (), limit=limit, page_token=page_token)
    released = release.release_rows(context, recipient, purpose, page, profile_id, contents=["timeline"])
    return listed(released.rows.items, released.rows.next_page_token)


@router.get("/{profile_id}/consents", summary="What the person allows, and every decision")
def consents(request: Request, context: Reader, profile_id: str) -> Response:
    """`items`: what holds now. `receipts`: every decision ever made, newest first, with the hash of the text."""
    recipient, purpose = recipient_and_purpose(request)
    with context.session() as session:
        found = identity.present(session, profile_id)
        body: dict[str, Any] = {
            "items": consent.present(session, found, now=context.now),
            "receipts": consent.receipts(session, found),
            "next_page_token": None,
        }
    return answer(release.release_rows(context, recipient, purpose, body, found, contents=["consent"]).rows)


def _body(request: Request, context: Context, profile_id: str) -> dict[str, Any]:
    recipient, purpose = recipient_and_purpose(request)
    body = profile.get(context, profile_id)
    released: dict[str, Any] = release.release_rows(context, recipient, purpose, body, body["id"]).rows
    return released
