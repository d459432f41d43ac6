"""What surrounds every request: an id, security headers, a limit of work at once, and figures for /metrics."""

import secrets
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'"
)
HEADERS = (
    (b"content-security-policy", CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=()"),
)
HSTS = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
ALWAYS = ("/healthz", "/readyz", "/metrics", "/static")


class Figures:
    """Counts and times by route, as Prometheus reads them. Holds nothing about a person or an organization."""

    def __init__(self) -> None:
        self.requests: dict[tuple[str, str, int], int] = defaultdict(int)
        self.seconds: dict[str, list[float]] = defaultdict(lambda: [0.0] * (len(BUCKETS) + 2))
        self.at_once = 0
        self.turned_away = 0

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        self.requests[method, route, status] += 1
        row = self.seconds[route]
        row[-1] += seconds
        row[-2] += 1
        for number, bound in enumerate(BUCKETS):
            if seconds <= bound:
                row[number] += 1

    def text(self) -> str:
        """The exposition format, version 0.0.4."""
        lines = ["# HELP http_requests_total Requests answered.", "# TYPE http_requests_total counter"]
        lines += [
            f'http_requests_total{{method="{method}",route="{route}",status="{status}"}} {count}'
            for (method, route, status), count in sorted(self.requests.items())
        ]
        lines += ["# HELP http_request_seconds Server time.", "# TYPE http_request_seconds histogram"]
        for route, row in sorted(self.seconds.items()):
            lines += [
                f'http_request_seconds_bucket{{route="{route}",le="{bound}"}} {int(row[number])}'
                for number, bound in enumerate(BUCKETS)
            ]
            lines += [
                f'http_request_seconds_bucket{{route="{route}",le="+Inf"}} {int(row[-2])}',
                f'http_request_seconds_sum{{route="{route}"}} {row[-1]:.6f}',
                f'http_request_seconds_count{{route="{route}"}} {int(row[-2])}',
            ]
        lines += ["# TYPE http_requests_at_once gauge", f"http_requests_at_once {self.at_once}"]
        lines += [
            "# TYPE http_requests_turned_away_total counter",
            f"http_requests_turned_away_total {self.turned_away}",
        ]
        return "\n".join(lines) + "\n"


class Edge:
    """Pure ASGI, so that it costs microseconds: see ``create_app`` for the order."""

    def __init__(self, app: App, figures: Figures, *, secure: bool, most_at_once: int = 200) -> None:
        self.app = app
        self.figures = figures
        self.headers = (*HEADERS, HSTS) if secure else HEADERS
        self.most_at_once = most_at_once

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        started, status = time.perf_counter(), 500
        own = (*self.headers, (b"x-request-id", request_id.encode()))

        async def framed(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                elapsed = f"app;dur={(time.perf_counter() - started) * 1000:.1f}".encode()
                message["headers"] = [*message.get("headers", []), *own, (b"server-timing", elapsed)]
            await send(message)

        figures = self.figures
        if figures.at_once >= self.most_at_once and not scope["path"].startswith(ALWAYS):
            figures.turned_away += 1
            await _busy(framed, request_id)
            return
        figures.at_once += 1
        try:
            await self.app(scope, receive, framed)
        finally:
            figures.at_once -= 1
            route = getattr(scope.get("route"), "path", None) or (
                "/static" if scope["path"].startswith("/static/") else "-"
            )
            figures.note(scope["method"], route, status, time.perf_counter() - started)


async def _busy(send: Send, request_id: str) -> None:
    body = (
        '{"type":"/docs/errors#unavailable","title":"Not available right now","status":503,"code":"unavailable",'
        '"detail":"More requests arrived than this server answers at once. Try again in 2 seconds.",'
        f'"docs":"/docs/errors#unavailable","retryable":true,"request_id":"{request_id}"}}'
    ).encode()
    headers = [(b"content-type", b"application/problem+json"), (b"retry-after", b"2")]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": body})
