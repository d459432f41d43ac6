"""Addresses about the house itself: is it well, how busy is it, and how does one talk to it."""

import json
from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from lamplighter import errors
from lamplighter.web.pages import render
from lamplighter.web.problem import problem

router = APIRouter(tags=["house"])


@router.get("/healthz", summary="Is the process alive?")
def healthz() -> dict[str, str]:
    """Answers as long as the process does; asks nothing else."""
    return {"status": "ok"}


@router.get(
    "/readyz", summary="Can it do its work?", responses={503: {"description": "The store does not answer."}}
)
def readyz(request: Request) -> Response:
    """200 when the store answers; 503 with Retry-After until then."""
    try:
        with request.app.state.application.store.system_session() as session:
            session.execute(sa.text("select 1"))
    except (errors.LamplighterError, sa.exc.SQLAlchemyError):
        return problem(
            request,
            503,
            "unavailable",
            "The database does not answer yet. Try again in 5 seconds.",
            retryable=True,
        )
    return JSONResponse({"status": "ready", "store": "ok"})


@router.get("/metrics", summary="Figures for Prometheus", response_class=PlainTextResponse)
def metrics(request: Request) -> Response:
    """Counts and times by route. Holds nothing about a person or an organization."""
    return PlainTextResponse(request.app.state.figures.text(), media_type="text/plain; version=0.0.4")


@router.get("/.well-known/gpc.json", summary="Global Privacy Control is honoured")
def gpc() -> dict[str, Any]:
    """The statement that the GPC signal is taken as an opt-out."""
    return {"gpc": True, "lastUpdate": "2026-11-22"}


@router.get("/docs", include_in_schema=False)
def docs(request: Request) -> Response:
    """The OpenAPI document as a page of our own: no third party's script, readable without JavaScript."""
    return render(request, "docs.html", view=_described(request.app.openapi()))


@router.get("/docs/errors", include_in_schema=False)
def error_docs(request: Request) -> Response:
    """What each error code means and whether trying again helps."""
    rows = sorted(_classes(errors.LamplighterError), key=lambda found: (found.status, found.code))
    return render(request, "docs_errors.html", rows=rows)


def _classes(root: type[errors.LamplighterError]) -> list[type[errors.LamplighterError]]:
    return [found for child in root.__subclasses__() for found in (child, *_classes(child))]


def _described(document: dict[str, Any]) -> dict[str, Any]:
    """Endpoints by tag, in the order of the addresses."""
    groups: dict[str, list[dict[str, Any]]] = {}
    schemas = document.get("components", {}).get("schemas", {})
    for path, methods in document["paths"].items():
        for method, found in methods.items():
            answers: dict[str, dict[str, Any]] = found.get("responses", {})
            answered: dict[str, Any] = next(
                (answers[code] for code in ("200", "201", "202") if code in answers), {}
            )
            groups.setdefault((found.get("tags") or ["other"])[0], []).append(
                {
                    "method": method.upper(),
                    "path": path,
                    "summary": found.get("summary", ""),
                    "description": found.get("description", ""),
                    "parameters": found.get("parameters", []),
                    "request": _example(found.get("requestBody", {}).get("content", {}), schemas),
                    "answer": _example(answered.get("content", {}), schemas),
                    "id": found.get("operationId", ""),
                }
            )
    return {"title": document["info"]["title"], "version": document["info"]["version"], "groups": groups}


def _example(content: dict[str, Any], schemas: dict[str, Any]) -> str:
    """The example of a body: its own, or that of the schema it names."""
    for found in content.values():
        named = schemas.get(found.get("schema", {}).get("$ref", "").rpartition("/")[2], {})
        example = found.get("example", named.get("example"))
        if example is not None:
            return json.dumps(example, indent=2, ensure_ascii=False)
    return ""
