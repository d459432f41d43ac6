"""The catalog for programs: every table and column with its meaning, from the declarations."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from lamplighter.context import Context
from lamplighter.errors import NotFound
from lamplighter.warehouse import catalog, quality
from lamplighter.web.api.answer import answer, listed
from lamplighter.web.door import allowed

router = APIRouter(prefix="/catalog", tags=["catalog"])
Reader = Annotated[Context, Depends(allowed("data.read"))]


@router.get("", summary="Tables and columns")
def entries(
    context: Reader, kind: Annotated[str | None, Query(description="table or column; left out: both.")] = None
) -> Response:
    """Entries `{name, kind, owner, meaning, sensitivity, subject, purposes, lineage, freshness, quality, …}`."""
    found = catalog.entries(quality.states(context.warehouse, context.organization_id))
    return listed([entry for entry in found if kind in (None, entry["kind"])], None)


@router.get("/{name}", summary="One table or column")
def entry(context: Reader, name: str) -> Response:
    """By its name: `bill` or `bill.amount`."""
    for found in catalog.entries(quality.states(context.warehouse, context.organization_id)):
        if found["name"] == name:
            return answer(found)
    raise NotFound(f"The catalog has no “{name}”. List it at /v1/catalog.")
