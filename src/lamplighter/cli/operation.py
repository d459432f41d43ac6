"""Verbs of operation: organization, staff, keys, audit, retention."""

from typing import Annotated

import typer

from lamplighter.cli.options import Data, Json, Slug, answer, in_context, installation, perform

keys = typer.Typer(help="API keys, and the keys that seal secrets.", no_args_is_help=True)
staff = typer.Typer(help="People who work with the console.", no_args_is_help=True)
organizations = typer.Typer(help="Tenants of this installation.", no_args_is_help=True)
audit = typer.Typer(help="The log of every staff read of personal data.", no_args_is_help=True)
retention = typer.Typer(help="Deletion of what is past its time.", no_args_is_help=True)


@organizations.command("add")
def organization_add(
    slug: str,
    name: Annotated[str, typer.Option(help="Name as customers know it.")],
    timezone: Annotated[str, typer.Option(help="IANA zone of its customers.")] = "America/Los_Angeles",
    locale: Annotated[str, typer.Option(help="Language of its texts.")] = "en",
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Add a tenant."""
    from lamplighter.store import organization

    with installation(data) as application, application.store.system_session() as session:
        organization_id = organization.create(session, slug, name, timezone=timezone, locale=locale)
    answer({"id": str(organization_id), "slug": slug}, as_json, f"{name} is here as “{slug}”.")


@staff.command("add")
def staff_add(
    email: str,
    role: Annotated[
        str, typer.Option(help="administrator, analyst, campaign_manager, customer_service, privacy_officer")
    ],
    name: Annotated[str, typer.Option(help="As shown in the console.")] = "",
    password: Annotated[
        str,
        typer.Option(
            prompt=True,
            hide_input=True,
            confirmation_prompt=True,
            help="Twelve characters or more; asked for.",
        ),
    ] = ...,  # type: ignore[assignment]
    data: Data = None,
    slug: Slug = None,
    as_json: Json = False,
) -> None:
    """Add a member of staff."""
    from lamplighter.store import staff

    with in_context(data, slug) as context, context.session() as session:
        staff.add(session, email=email, name=name or email, role=role, password=password, now=context.now)
    answer({"email": email, "role": role}, as_json, f"{email} may sign in at /console.")


@keys.command("add")
def keys_add(
    name: str,
    scope: Annotated[list[str], typer.Option(help="What the key may do; repeat for several.")],
    purpose: Annotated[str, typer.Option(help="The purpose its reads are for.")] = "customer_service",
    data: Data = None,
    slug: Slug = None,
    as_json: Json = False,
) -> None:
    """Make an API key; its secret is shown once."""
    from lamplighter.store import key

    with in_context(data, slug) as context, context.session() as session:
        key_id, secret = key.create(session, name=name, scopes=scope, purpose=purpose, now=context.now)
    answer({"id": str(key_id), "api_key": secret}, as_json, f"{secret}\nIt is not shown again.")


@keys.command("rotate")
def keys_rotate(data: Data = None, as_json: Json = False) -> None:
    """Make a new master key and seal every data key with it."""
    from lamplighter.store import vault

    with installation(data) as application:
        rotated = vault.rotate(application.store)
    answer({"rotated": rotated}, as_json, f"{rotated} data keys are sealed with a new master key.")


@audit.command("verify")
def audit_verify(data: Data = None, slug: Slug = None, as_json: Json = False) -> None:
    """Check the chain of the audit log."""
    from lamplighter.store import audit as log

    with in_context(data, slug) as context, context.session() as session:
        report = log.verify(session)
    sentence = (
        f"{report.entries:,} entries, the chain is whole." if report.ok
        else f"The chain breaks at entry {report.first_bad}: somebody changed the log."
    )  # fmt: skip
    answer({"ok": report.ok, "entries": report.entries, "first_bad": report.first_bad}, as_json, sentence)
    if not report.ok:
        raise typer.Exit(1)


@retention.command("run")
def retention_run(data: Data = None, slug: Slug = None, as_json: Json = False) -> None:
    """Really delete what is older than each table's retention."""
    result = perform(data, slug, "retention", {}, as_json)
    answer(result, as_json, f"{sum(result['deleted'].values()):,} rows deleted.")
