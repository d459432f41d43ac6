"""Audiences for programs: saved definitions, and the size, members and SQL of any definition."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from lamplighter.context import Context
from lamplighter.customers import audience, release
from lamplighter.web.api.answer import IdempotencyKey, answer, listed, once
from lamplighter.web.door import allowed, recipient_and_purpose

router = APIRouter(prefix="/audiences", tags=["audiences"])
Reader = Annotated[Context, Depends(allowed("audiences.read"))]
Writer = Annotated[Context, Depends(allowed("audiences.write"))]
MOST_MEMBERS = 1000

EXAMPLE: dict[str, Any] = {
    "name": "lead-sampling-1982-1986", "of": "service_location", "purpose": "water_quality",
    "where": {"all": [{"place": "year_built", "between": [1982, 1986]}, {"service": "water", "is": "active"},
                      {"not": {"situation": "confidential_address"}}]},
}  # fmt: skip


class Definition(BaseModel):
    """What `shapes` calls an audience. `where` is a tree of `all`, `any`, `not` and conditions."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    name: str | None = Field(None, min_length=1, max_length=80)
    of: Literal["profile", "household", "service_location", "business"] = "profile"
    purpose: str | None = Field(None, max_length=100)
    description: str | None = Field(None, max_length=1000)
    where: dict[str, Any] = Field(default_factory=lambda: {"all": []})

    def plain(self) -> dict[str, Any]:
        """As the rooms take it: only what was given."""
        return self.model_dump(exclude_none=True)


class Preview(Definition):
    """A definition, and how many members to show."""

    members: int = Field(
        0, ge=0, le=MOST_MEMBERS, description="How many members to list; needs profiles:read."
    )


@router.get("", summary="Saved audiences")
def audiences(context: Reader) -> Response:
    """By name, each with its whole definition."""
    with context.session() as session:
        return listed(audience.every(session), None)


@router.get("/{name}", summary="One saved audience")
def one(context: Reader, name: str) -> Response:
    """The definition as it was saved."""
    with context.session() as session:
        return answer(audience.saved(session, name))


@router.post("", status_code=201, summary="Save an audience")
def save(context: Writer, body: Definition, key: IdempotencyKey = None) -> Response:
    """Under its name; the same name again changes it. It must name a purpose, and compile."""

    def do() -> dict[str, Any]:
        with context.session() as session:
            audience.save(session, body.plain(), actor=str(context.actor), now=context.now)
        return body.plain()

    return once(context, key, "audience", body.plain(), do, 201)


@router.delete("/{name}", status_code=204, summary="Forget a saved audience")
def remove(context: Writer, name: str) -> Response:
    """Twice is once."""
    with context.session() as session:
        audience.remove(session, name)
    return Response(status_code=204)


@router.post("/preview", summary="Size, SQL and some members of a definition")
def preview(request: Request, context: Reader, body: Preview) -> Response:
    """Counted now. Members are ids, and only for callers that may read profiles."""
    found = body.plain()
    found.pop("members")
    told: dict[str, Any] = {
        "size": audience.size(context, found),
        "sql": audience.sql(context, found),
        "as_of": context.now,
    }
    if body.members and request.state.caller.may("customers.read"):
        recipient, purpose = recipient_and_purpose(request)
        rows = audience.members(context, found, limit=body.members)
        told["members"] = release.release_rows(
            context, recipient, purpose, rows, release.EVERYONE, contents=["audience"]
        ).rows
    return answer(told)
