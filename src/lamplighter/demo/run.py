"""``lamplighter demo``: everything on one machine, with a town that is loaded through the real intake.

The first page answers at once and shows the loading. ``DIR/demo.json`` is written when the town is landed and
unified; a second start on the same folder loads nothing again and keeps keys and password.
"""

import json
import secrets
import socket
import threading
import time
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from lamplighter import app, processes
from lamplighter.customers import audience
from lamplighter.demo.night import write_night
from lamplighter.demo.town import write_town
from lamplighter.errors import LamplighterError
from lamplighter.settings import Settings
from lamplighter.store import jobs, key, organization, progress, staff
from lamplighter.store.key import SCOPES

ORGANIZATION = ("alder-bay", "Alder Bay Utilities", "America/Los_Angeles")
READY, PREPARED = "demo.json", "demo.part.json"
"""The file that scripts wait for, and the same before the demo answers."""
STAFF_EMAIL = "ines@alder-bay.example"
AUDIENCES = (
    {
        "name": "lead-sampling-1982-1986", "of": "service_location", "purpose": "water_quality",
        "where": {"all": [{"place": "year_built", "between": [1982, 1986]}, {"service": "water", "is": "active"}]},
    },
    {
        "name": "behind-with-a-child-or-senior", "of": "profile", "purpose": "payment_help",
        "where": {"all": [
            {"account": "arrears", ">": "100"},
            {"any": [{"person": "special_needs", "contains": "infant"}, {"person": "special_needs", "contains": "senior"}]},
            {"not": {"situation": "open_complaint"}},
        ]},
    },
)  # fmt: skip


def run(settings: Settings, customers: int, log: Console) -> None:
    """Start everything, load the town beside it, stop on Ctrl-C."""
    log.print(f"Starting Lamplighter in {settings.data} …")
    with processes.up(settings) as children:
        if (settings.data / READY).exists():  # scripts read it as "answers": not before it does
            (settings.data / READY).replace(settings.data / PREPARED)
        loader = threading.Thread(target=_load, args=(settings, customers, log), daemon=True, name="town")
        loader.start()
        children.wait()


def _load(settings: Settings, customers: int, log: Console) -> None:
    try:
        with app.build(settings) as application:
            access = _prepare(application)
            _wait_for_web(settings)
            log.print(f"The console answers at {access['console']['url']}")
            log.print(f"  sign in as {access['console']['email']} with {access['console']['password']}")
            if not access["town_is_loaded"]:
                _load_town(application, customers, log)
                access["town_is_loaded"] = True
            _write(settings.data / PREPARED, access)
            (settings.data / PREPARED).replace(settings.data / READY)
            log.print("The town is ready. Ctrl-C stops everything.")
    except LamplighterError as error:
        log.print(f"The town could not be loaded: {error}", style="red", markup=False, soft_wrap=True)


def _wait_for_web(settings: Settings) -> None:
    while True:
        with socket.socket() as probe:
            if probe.connect_ex((settings.host, settings.port)) == 0:
                return
        time.sleep(0.05)


def _prepare(application: app.Application) -> dict[str, Any]:
    """Organization, sign-in and API key: made once, kept beside the data for the next start."""
    data = application.settings.data
    base_url = (
        application.settings.base_url or f"http://{application.settings.host}:{application.settings.port}"
    )
    if (data / PREPARED).exists():
        access: dict[str, Any] = json.loads((data / PREPARED).read_text())
    else:
        access = _make_access(application)
    access["base_url"] = base_url
    access["console"]["url"] = f"{base_url}/console"
    _write(data / PREPARED, access)
    return access


def _make_access(application: app.Application) -> dict[str, Any]:
    slug, name, timezone = ORGANIZATION
    with application.store.system_session() as session:
        organization_id = organization.create(session, slug, name, timezone=timezone, is_test=True)
    password = f"{secrets.token_urlsafe(9)}"
    context = application.context(organization_id)
    with context.session() as session:
        staff.add(
            session,
            email=STAFF_EMAIL,
            name="Ines Okafor",
            role="administrator",
            password=password,
            now=context.now,
        )
        _, secret = key.create(
            session, name="demo", scopes=sorted(SCOPES), purpose="customer_service", now=context.now
        )
    return {
        "base_url": None,
        "town_is_loaded": False,
        "organization": slug,
        "console": {"url": None, "email": STAFF_EMAIL, "password": password},
        "api_key": secret,
        "write_key": None,
        "connect_url": None,
        "sandbox_url": None,
        "mail_url": None,
        "portal": None,
    }


def _load_town(application: app.Application, customers: int, log: Console) -> None:
    town = application.settings.data / "town"
    organization_id = application.organization(ORGANIZATION[0])
    columns = (TextColumn("{task.description:<44}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=log) as bar:
        with _Step(application, organization_id, bar, "Making the town") as step:
            today = date.today()
            write_town(town, customers, today=today, progress=lambda what, done, of: step(done, of, what))
            write_night(town / "reads" / "interval_reads.parquet", town / "night" / "reads.csv", today)
        for verb, arguments, title in (
            ("land", {"source": "cis_csv", "path": str(town)}, "Landing customers, homes and bills"),
            ("land", {"source": "ami", "path": str(town / "reads")}, "Landing meter reads"),
            (
                "land",
                {"source": "ami", "path": str(town / "night")},
                "Landing last night's reads, some of them bad",
            ),
            ("unify", {}, "Finding who is who"),
        ):
            task = bar.add_task(title, total=None)
            application.perform(
                organization_id, verb, arguments,
                report=lambda done, total, message: bar.update(task, completed=done, total=total or None),  # noqa: B023
            )  # fmt: skip
            bar.update(task, completed=1, total=1)
        context = application.context(organization_id)
        with context.session() as session:
            for definition in AUDIENCES:
                audience.save(session, definition, actor=str(context.actor), now=context.now)
        task = bar.add_task("Drawing up each customer's page", total=None)
        while waiting := _waiting(application, organization_id):
            bar.update(task, description=f"Drawing up each customer's page ({waiting} steps)")
            time.sleep(0.2)
        bar.update(task, completed=1, total=1)


def _waiting(application: app.Application, organization_id: UUID) -> int:
    """Jobs of the town that are still to be done."""
    with application.store.session(organization_id) as session:
        states = jobs.waiting(session)
    return states.get("todo", 0) + states.get("doing", 0)


class _Step:
    """A step of this process shown in both places: the terminal and the console's home page."""

    def __init__(
        self, application: app.Application, organization_id: UUID, bar: Progress, title: str
    ) -> None:
        self.application, self.organization_id, self.bar = application, organization_id, bar
        self.task, self.title = bar.add_task(title, total=None), title

    def __enter__(self) -> "_Step":
        with self.application.store.session(self.organization_id) as session:
            self.row = progress.start(session, "demo.town", now=self.application.clock())
        return self

    def __call__(self, done: int, total: int, message: str) -> None:
        self.bar.update(self.task, completed=done, total=total or None)
        with self.application.store.session(self.organization_id) as session:
            progress.update(
                session, self.row, done=done, total=total, message=message, now=self.application.clock()
            )

    def __exit__(self, *exc: object) -> None:
        self.bar.update(self.task, completed=1, total=1)
        with self.application.store.session(self.organization_id) as session:
            progress.finish(session, self.row, result={}, now=self.application.clock())


def _write(path: Path, access: dict[str, Any]) -> None:
    part = path.with_suffix(".writing")
    part.touch(mode=0o600)
    part.write_text(json.dumps(access, indent=2))
    part.replace(path)


__all__ = ["run"]
