"""Data health for programs: sources, what was set aside, batches, and the two ways to mend."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from lamplighter.context import Context
from lamplighter.errors import NotFound
from lamplighter.intake import batch, quarantine
from lamplighter.store import progress
from lamplighter.web.api.answer import IdempotencyKey, Limit, answer, listed, once
from lamplighter.web.console import facts, health_words
from lamplighter.web.door import allowed

router = APIRouter(tags=["data health"])
Reader = Annotated[Context, Depends(allowed("data.read"))]
Writer = Annotated[Context, Depends(allowed("data.write"))]


@router.get("/sources", summary="Sources with their freshness")
def sources(context: Reader) -> Response:
    """`in_words` is the sentence of the health page; `set_aside` counts rows by reason."""
    with context.session() as session:
        found = facts.sources(session)
    return listed(
        [
            {
                "name": fact.name, "plugin": fact.plugin, "last_landed_at": fact.newest, "rows": fact.rows,
                "set_aside": fact.reasons, "in_words": health_words.in_words(fact, context.now),
                "needs_attention": bool(health_words.needs([fact], context.now)),
            }
            for fact in found
        ],
        None,
    )  # fmt: skip


@router.get("/sources/{name}/rejects", summary="Rows set aside, with reason and remedy")
def rejects(
    request: Request,
    context: Reader,
    name: str,
    limit: Limit = 100,
    reason: Annotated[str | None, Query(description="Only this reason.")] = None,
) -> Response:
    """Values of the row (`raw`, `value`) only for callers that may read profiles."""
    known(context, name)
    with context.session() as session:
        rows = quarantine.listed(session, name, limit=limit if reason is None else 1000)
    rows = [row for row in rows if reason in (None, row["reason"])][:limit]
    if not request.state.caller.may("customers.read"):
        rows = [row | {"raw": None, "value": None, "message": row["remedy"]} for row in rows]
    return listed(rows, None)


@router.post("/sources/{name}/replay", status_code=202, summary="Try what was set aside again")
def replay(request: Request, context: Writer, name: str, key: IdempotencyKey = None) -> Response:
    """Answers the id of the work; its state is at `/v1/work/{id}`."""
    known(context, name)

    def do() -> dict[str, Any]:
        work = request.app.state.application.request(
            context.organization_id, "replay", {"source": name}, actor=context.actor
        )
        return {"work": str(work)}

    return once(context, key, "replay", name, do, 202)


@router.get("/batches", summary="Loads, newest first")
def batches(
    context: Reader,
    limit: Limit = 50,
    source: Annotated[str | None, Query(description="Only of this source.")] = None,
) -> Response:
    """Each with its files (name, bytes, SHA-256), counts, notes and state."""
    with context.session() as session:
        found = batch.newest(session, 1000 if source else limit)
    return listed([vars(one) for one in found if source in (None, one.source)][:limit], None)


@router.post("/batches/{batch_id}/withdraw", status_code=202, summary="Take a load back")
def withdraw(request: Request, context: Writer, batch_id: str, key: IdempotencyKey = None) -> Response:
    """As if it had never landed: earlier values show again. Answers the id of the work."""
    with context.session() as session:
        found = batch.find(session, batch_id)

    def do() -> dict[str, Any]:
        work = request.app.state.application.request(
            context.organization_id, "withdraw", {"batch": found.id}, actor=context.actor
        )
        return {"work": str(work)}

    return once(context, key, "withdraw", batch_id, do, 202)


@router.get("/work/{work_id}", summary="How far a piece of work is")
def work(context: Reader, work_id: str) -> Response:
    """`state` is queued, running, done or failed."""
    try:
        wanted = UUID(work_id)
    except ValueError:
        raise NotFound("There is no such piece of work.") from None
    with context.session() as session:
        return answer(vars(progress.get(session, wanted)))


def known(context: Context, name: str) -> None:
    """NotFound unless a source of that name has landed."""
    with context.session() as session:
        if name not in {fact.name for fact in facts.sources(session)}:
            raise NotFound(f"No source “{name}” has landed here.")
