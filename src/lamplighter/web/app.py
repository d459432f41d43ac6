"""The web application: which address is answered by what, and what surrounds every answer.

    create_app(application)   application: what ``lamplighter.app.build`` opened

The order, from outside in: ``Edge`` (request id, headers, load limit, figures) → routes → rooms. Endpoints are
sync ``def``: they run in threads, as many at once as the store has connections.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import anyio.to_thread
from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from lamplighter import __version__
from lamplighter.settings import Settings
from lamplighter.web import api, console, house, problem
from lamplighter.web.edge import Edge, Figures
from lamplighter.web.pages import STATIC

THREADS = 24
"""Requests worked on at once: no more than the store has connections (10 kept, 20 more in a rush)."""

DESCRIPTION = """
Everything the console shows, for programs. Send an API key as `Authorization: Bearer lk_…`.

Errors are RFC 9457 problems with `code`, `detail`, `docs` and `retryable`; 429 and 503 carry `Retry-After`.
Lists take `limit` and `page_token` and answer `items` and `next_page_token` (null at the end). Unsafe calls
accept `Idempotency-Key`. Times are RFC 3339 UTC, money and quantities are decimal strings.
"""


class LongKept(StaticFiles):
    """Static files: kept for a year where the address carries the mark of the content.

    Only they travel compressed: a page that holds a secret and words of the visitor must not (BREACH).
    """

    async def get_response(self, path: str, scope: Any) -> Response:
        response = await super().get_response(path, scope)
        marked = b"v=" in scope.get("query_string", b"")
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if marked else "no-cache"
        return response


def create_app(application: Any) -> FastAPI:
    """Join pages and API over an open installation. The caller closes ``application``."""

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        yield

    app = FastAPI(
        title="Lamplighter",
        version=__version__,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        lifespan=life,
        redirect_slashes=False,
    )
    app.state.application = application
    app.state.figures = Figures()
    problem.install(app)
    app.include_router(house.router)
    app.include_router(api.router)
    app.include_router(console.router, include_in_schema=False)
    app.mount("/static", GZipMiddleware(LongKept(directory=STATIC), minimum_size=1000), name="static")

    @app.get("/", include_in_schema=False)
    def start(request: Request) -> Response:
        return RedirectResponse("/console", 302)

    app.add_middleware(
        Edge, figures=app.state.figures, secure=application.settings.environment == "production"
    )
    return app


def openapi_document() -> dict[str, Any]:
    """The OpenAPI document, without an installation."""
    return create_app(SimpleNamespace(settings=Settings())).openapi()
