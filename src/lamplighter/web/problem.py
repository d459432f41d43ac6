"""Errors on the wire: RFC 9457 problems for programs, a designed page for people.

    {"type", "title", "status", "code", "detail", "docs", "retryable", "request_id"}

429 and 503 carry an integer ``Retry-After``. Nothing of a traceback, a query or a value leaves the house.
"""

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response

from lamplighter.errors import LamplighterError
from lamplighter.web.pages import render

log = logging.getLogger("lamplighter.web")

TITLES = {
    400: "The request cannot be read", 401: "Not signed in", 403: "Not allowed", 404: "Not found",
    405: "This address does not answer that method", 406: "No such format", 409: "The state has moved on",
    413: "Too large", 422: "What was given cannot be used", 429: "Too many requests",
    500: "Something broke on our side", 503: "Not available right now",
}  # fmt: skip
CODES = {400: "bad_request", 401: "not_signed_in", 403: "not_allowed", 404: "not_found", 405: "method_not_allowed",
         406: "not_acceptable", 413: "too_large", 422: "invalid_input", 429: "too_many_requests",
         503: "unavailable"}  # fmt: skip
BROKEN = (
    "Lamplighter met a case it was not made for. Nothing you saved is lost. Try again; if it stays, give "
    "support the reference."
)


def problem(
    request: Request, status: int, code: str, detail: str, *, retryable: bool = False, **extra: Any
) -> JSONResponse:
    """One problem document, with the headers its status asks for."""
    headers = {"Cache-Control": "no-store"}
    if status in (429, 503):
        headers["Retry-After"] = str(int(extra.pop("retry_after", 5)))
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    body = {
        "type": f"/docs/errors#{code}",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "code": code,
        "detail": detail,
        "docs": f"/docs/errors#{code}",
        "retryable": retryable,
        "request_id": getattr(request.state, "request_id", ""),
    }
    return JSONResponse(body | extra, status, headers, media_type="application/problem+json")


def is_for_people(request: Request) -> bool:
    """Console pages answer pages; everything else answers problems."""
    return request.url.path.startswith("/console")


def answer(
    request: Request, status: int, code: str, detail: str, *, retryable: bool = False, **extra: Any
) -> Response:
    """The error in the reader's form; a signed-out page leads to the sign-in and back again."""
    if not is_for_people(request):
        return problem(request, status, code, detail, retryable=retryable, **extra)
    if status == 401 and not request.url.path.startswith("/console/sign-in"):
        if "hx-request" in request.headers:
            return Response(status_code=401, headers={"HX-Refresh": "true"})
        back = request.url.path if request.method == "GET" else "/console"
        return RedirectResponse(f"/console/sign-in?next={back}", 303)
    page = render(
        request,
        "console/error.html" if _frame(request) else "console/error_bare.html",
        status,
        title=TITLES.get(status, "Error"),
        code=code,
        detail=detail,
        retryable=retryable,
        http=status,
    )
    if status in (429, 503):
        page.headers["Retry-After"] = str(int(extra.get("retry_after", 5)))
    return page


def _frame(request: Request) -> bool:
    """Whether somebody is signed in, so that the error stands in their console; sets the frame if so."""
    from lamplighter.web.console import framed
    from lamplighter.web.door import staff_caller

    if getattr(request.state, "frame", None) is None:
        try:
            framed(request, staff_caller(request))
        except (LamplighterError, SQLAlchemyError):
            return False
    return True


def install(app: FastAPI) -> None:
    """Every error of every kind becomes one of the two forms."""

    @app.exception_handler(LamplighterError)
    def _ours(request: Request, error: LamplighterError) -> Response:
        if error.status >= 500 and error.status != 503:
            log.error("%s: %s", error.code, error, extra={"request_id": request.state.request_id})
        extra = {k: v for k, v in error.details.items() if k in ("retry_after", "field", "missing")}
        return answer(request, error.status, error.code, str(error), retryable=error.retryable, **extra)

    @app.exception_handler(RequestValidationError)
    def _input(request: Request, error: RequestValidationError) -> Response:
        fields = [
            {
                "field": ".".join(str(part) for part in item["loc"][1:]) or str(item["loc"][0]),
                "why": item["msg"],
            }
            for item in error.errors()
        ]
        told = "; ".join(f"{item['field']}: {item['why']}" for item in fields[:3])
        return answer(request, 422, "invalid_input", f"Please correct: {told}.", fields=fields)

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> Response:
        code = CODES.get(error.status_code, "error")
        if error.status_code == 404:
            detail = f"There is nothing at {request.url.path}. The list of addresses is at /docs."
        elif error.status_code == 405:
            detail = f"{request.url.path} does not answer {request.method}."
        else:
            detail = str(error.detail)
        response = answer(request, error.status_code, code, detail)
        if error.status_code == 405 and error.headers:
            response.headers.update(error.headers)
        return response

    @app.exception_handler(Exception)
    def _unknown(request: Request, error: Exception) -> Response:
        log.error("broken", exc_info=error, extra={"request_id": getattr(request.state, "request_id", "")})
        return answer(request, 500, "broken", BROKEN)
