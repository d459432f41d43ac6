"""The one place where the parts are joined: rooms, plug-ins, who listens to which event, and the long verbs.

Reading ``build`` from top to bottom is reading the product.
"""

from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from lamplighter import errors
from lamplighter.context import Actor, Clock, Context, system_clock
from lamplighter.intake.publish import recover
from lamplighter.running import Running
from lamplighter.settings import Settings
from lamplighter.store import events, jobs, organization, progress, schema
from lamplighter.store.store import Store
from lamplighter.verbs import VERBS, Report
from lamplighter.warehouse.warehouse import Warehouse

ROOMS = ("intake", "customers", "insight")
"""Rooms above the store that own tables, jobs and subscriptions; each names its modules in ``MODULES``."""

PROFILE_SECTIONS: dict[str, str] = {}
"""Section of the customer 360 → room that writes it; filled by ``join``."""


def metadata() -> sa.MetaData:
    """All store tables of all rooms, for migrations."""
    join()
    return schema.metadata


def join() -> None:
    """Import every room, subscribe their jobs to events, and refuse two owners of one profile section."""
    for room in ROOMS:
        package = import_module(f"lamplighter.{room}")
        for module in package.MODULES:
            import_module(f"lamplighter.{room}.{module}")
        for event, tasks in package.ON.items():
            for task in tasks:
                events.subscribe(event, task)
        for section in package.SECTIONS:
            owner = PROFILE_SECTIONS.setdefault(section, room)
            if owner != room:
                raise errors.Misconfigured(f"Both {owner} and {room} write the profile section “{section}”.")


@dataclass
class Application:
    """An open installation. ``owns_warehouse`` is false where its worker is another process."""

    settings: Settings
    store: Store
    warehouse: Warehouse
    owns_warehouse: bool = True
    clock: Clock = system_clock

    def context(self, organization_id: UUID, actor: Actor | None = None) -> Context:
        """The context of one organization; ``actor`` defaults to the system itself."""
        return Context(organization_id, self.store, self.warehouse, actor or Actor(), self.clock)

    def organization(self, slug: str | None = None) -> UUID:
        """The organization of that slug, or the only one there is; a first one is made where there is none."""
        with self.store.system_session() as session:
            if slug is None and not organization.all_ids(session):
                slug = "main"
                return organization.create(session, slug, "My utility", timezone="America/Los_Angeles")
            return organization.find(session, slug=slug)

    def perform(
        self,
        organization_id: UUID,
        verb: str,
        arguments: dict[str, Any],
        *,
        actor: Actor | None = None,
        report: Report | None = None,
    ) -> dict[str, Any]:
        """Carry out a long verb and answer its result: here, or by the worker of a running installation."""
        if self.owns_warehouse:
            context = self.context(organization_id, actor)
            recover(context)
            result = VERBS[verb](context, report or (lambda done, total, message: None), **arguments)
            jobs.drain(self.store, self.context)
            return result
        progress_id = self.request(organization_id, verb, arguments, actor=actor)
        return progress.follow(self.store, organization_id, progress_id, report)

    def request(
        self, organization_id: UUID, verb: str, arguments: dict[str, Any], *, actor: Actor | None = None
    ) -> UUID:
        """Enqueue a long verb for the worker; answers the id of its progress row."""
        with self.store.session(organization_id) as session:
            progress_id = progress.start(session, verb, now=self.clock())
            jobs.defer(
                session,
                "app.perform",
                verb=verb,
                arguments=arguments,
                progress_id=str(progress_id),
                actor=str(actor or Actor()),
            )
        return progress_id

    def close(self) -> None:
        """Close the warehouse, then the store (and the PostgreSQL this process started)."""
        self.warehouse.close()
        self.store.close()

    def __enter__(self) -> "Application":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def build(settings: Settings, *, owning: bool | None = None, clock: Clock = system_clock) -> Application:
    """Open the installation under ``settings.data``: join a running one, else own its databases here.

    ``owning`` decides who opens an embedded warehouse: the worker does, the web server never; default: this
    process where no worker runs.
    """
    join()
    running = Running.find(settings.data)
    owns = not (running and running.warehouse_socket) if owning is None else owning
    if running and running.store_url:
        settings = settings.model_copy(update=running.as_settings())
    store = Store.open(settings)
    try:
        if settings.store_url is None:
            store.migrate(metadata())
        warehouse = Warehouse.open(settings) if owns else Warehouse.remote(partial(_socket, settings.data))
    except BaseException:
        store.close()
        raise
    return Application(settings, store, warehouse, owns, clock)


def _socket(data: Path) -> str:
    """Where the worker answers just now; looked up at each read, since a worker may come and go."""
    running = Running.find(data)
    if running is None or not running.warehouse_socket:
        raise errors.Unavailable(f"No worker runs on {data}. Start it with: lamplighter work")
    return running.warehouse_socket
