"""Finding a customer: results follow the letters as one types, or after Enter where scripts are off."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from lamplighter.customers import release, search, situation
from lamplighter.web.console import Frame, masking, seen_by
from lamplighter.web.door import context_of
from lamplighter.web.pages import number, render, spoken

router = APIRouter(prefix="/customers")
SEARCH = seen_by("customers.search")
PAGE = 25
CONFIDENTIAL = "address is confidential"
STAGES = {
    "active": ("good", ""),
    "move_in": ("info", "ring"),
    "former": ("", "ring"),
    "information": ("", "diamond"),
}


@dataclass(frozen=True)
class Chip:
    """A word with its tone and its mark: ``""`` a dot, ``ring``, ``diamond``, None for none."""

    words: str
    tone: str = ""
    shape: str | None = ""


@dataclass(frozen=True)
class Hit:
    """One row of the results."""

    profile_id: str
    name: str
    kind_words: str
    place: str
    account: str
    chips: list[Chip]


@router.get("")
def customers(
    request: Request, q: str = "", page_token: str | None = None, frame: Frame = SEARCH
) -> Response:
    """The search page, or only its results for htmx. Each search is on record, without its words."""
    words = q.strip()[:200]
    hits: list[Hit] = []
    view: dict[str, Any] = {"words": words, "hits": hits, "title": "", "note": "", "next": ""}
    if words:
        context = context_of(request, frame.caller)
        with context.session() as session:
            page = search.search(session, words, limit=PAGE, page_token=page_token)
            total = search.count(session, words)
            secret = situation.whom(
                session, "confidential_address", [item["id"] for item in page.items], frame.now
            )
        found = release.release_rows(
            context, str(context.actor), "customer_service", page, release.EVERYONE, contents=["profile_search"],
            reason="search",
        ).rows  # fmt: skip
        reads = frame.caller.may("customers.read")
        hits.extend(_hit(item, reads, item["id"] in secret) for item in found.items)
        view["title"] = f"{number(total)} customer{'s' if total != 1 else ''}"
        view["note"] = f"the first {PAGE}, by name" if total > PAGE and not page_token else "by name"
        if found.next_page_token:
            view["next"] = "/console/customers?" + urlencode(
                {"q": words, "page_token": found.next_page_token}
            )
    part = "hx-request" in request.headers
    return render(request, "console/customer_hits.html" if part else "console/customers.html", view=view)


def stage_chip(stage: str | None) -> Chip:
    """The stage as a word with its shape."""
    tone, shape = STAGES.get(stage or "", ("", "ring"))
    return Chip(spoken(stage or "not known").capitalize(), tone, shape)


def _hit(item: dict[str, Any], reads: bool, is_secret: bool) -> Hit:
    name = item.get("name") or "Name not known"
    accounts = item.get("accounts") or []
    told = f"account {masking.account(accounts[0])}" if accounts else "no account"
    if len(accounts) > 1:
        told = f"accounts {', '.join(masking.account(one) for one in accounts[:3])}" + (
            " …" if len(accounts) > 3 else ""
        )
    place = CONFIDENTIAL if is_secret else item.get("address") or "no present address"
    return Hit(
        item["id"],
        name if reads else masking.name(name),
        "Business" if item.get("kind") == "business" else "Person",
        place if reads else masking.street(place),
        told,
        [stage_chip(item.get("stage"))],
    )
