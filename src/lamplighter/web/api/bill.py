"""Bills for programs, in the shape of the contract."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from lamplighter.context import Context
from lamplighter.customers import bill, release
from lamplighter.errors import NotFound
from lamplighter.web.api.answer import Limit, PageToken, answer, listed
from lamplighter.web.door import allowed, recipient_and_purpose

router = APIRouter(prefix="/bills", tags=["bills"])
Reader = Annotated[Context, Depends(allowed("customers.read"))]


@router.get("", summary="Bills, newest first")
def bills(
    request: Request,
    context: Reader,
    profile_id: Annotated[str | None, Query(description="Of one customer.")] = None,
    account: Annotated[str | None, Query(description="Account number.")] = None,
    utility: Annotated[str | None, Query(description="Source or utility.")] = None,
    issued_after: Annotated[date | None, Query(description="A day; issued later.")] = None,
    issued_before: Annotated[date | None, Query(description="A day; issued earlier.")] = None,
    updated_after: Annotated[
        datetime | None, Query(description="RFC 3339; landed or corrected since.")
    ] = None,
    limit: Limit = 50,
    page_token: PageToken = None,
) -> Response:
    """Corrections are bills of their own; `replaced_by` marks what they correct. Pages stay stable under inserts."""
    recipient, purpose = recipient_and_purpose(request)
    with context.session() as session:
        page = bill.bills(
            session, profile_id=profile_id, account=account, utility=utility, issued_after=issued_after,
            issued_before=issued_before, updated_after=updated_after, limit=limit, page_token=page_token,
        )  # fmt: skip
    released = release.release_rows(
        context,
        recipient,
        purpose,
        page,
        profile_id or release.EVERYONE,
        contents=["bill", "bill_line"],
        scope="bills",
    ).rows
    return listed(released.items, released.next_page_token)


@router.get("/{bill_id}", summary="One bill")
def one(request: Request, context: Reader, bill_id: str) -> Response:
    """Released to the caller as its holder's data: consent is asked where the purpose needs one."""
    recipient, purpose = recipient_and_purpose(request)
    with context.session() as session:
        body = bill.bill(session, bill_id)
        holders = bill.holders(session, bill_id)
    if not holders:
        raise NotFound("Nobody is known whose bill this is, so it cannot be released.")
    return answer(
        release.release_rows(
            context, recipient, purpose, body, holders[0], contents=["bill", "bill_line"], scope="bills"
        ).rows
    )
