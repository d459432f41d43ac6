"""Find a customer by any beginning of a name, address, e-mail, phone, account, customer or meter number.

One row per profile with its words as a ``tsvector`` and what a result shows; both are written in bulk.
"""

from typing import Any

import ibis
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from lamplighter.context import Context
from lamplighter.customers import bulk, standardise
from lamplighter.customers.attach import attach
from lamplighter.customers.identity_tables import OF_PROFILE, PERSONAL
from lamplighter.customers.occupancy import REBUILT
from lamplighter.customers.wire import Page, position_of, token_of
from lamplighter.store.schema import tenant_table
from lamplighter.warehouse.expressions import current
from lamplighter.warehouse.tables import table

PROFILE_SEARCH = tenant_table(
    "profile_search",
    sa.Column("profile_id", sa.Text, nullable=False, comment="who", info=PERSONAL),
    sa.Column("sort_name", sa.Text, nullable=False, comment="by which results are ordered", info=PERSONAL),
    sa.Column("words", postgresql.TSVECTOR, nullable=False, comment="what it is found by", info=PERSONAL),
    sa.Column("summary", postgresql.JSONB, nullable=False, comment="what a result shows", info=PERSONAL),
    sa.PrimaryKeyConstraint("organization_id", "profile_id"),
    sa.Index("ix_profile_search_words", "words", postgresql_using="gin"),
    sa.Index("ix_profile_search_sort_name", "organization_id", "sort_name", "profile_id"),
    meaning="by which words a profile is found",
    subject=OF_PROFILE,
    retention=REBUILT,
)

FROM = {
    "customer", "contact_point", "customer_account", "customer_agreement", "usage_point", "service_location",
    "meter", "meter_installation",
}  # fmt: skip


def search(session: Session, words: str, limit: int = 25, page_token: str | None = None) -> Page:
    """Profiles that have every given word or the beginning of it, by name; no words: everyone.

    Items: ``{"id", "kind", "name", "stage", "address", "email", "phone", "accounts"}``.
    """
    found = PROFILE_SEARCH.c
    query = sa.select(found.profile_id, found.sort_name, found.summary)
    query = query.order_by(found.sort_name, found.profile_id).limit(limit + 1)
    asked = _tsquery(words)
    if asked is not None:
        query = query.where(found.words.op("@@")(sa.cast(sa.literal(asked), postgresql.TSQUERY)))
    if page_token:
        name, profile_id = position_of(page_token, 2)
        query = query.where(sa.tuple_(found.sort_name, found.profile_id) > sa.tuple_(name, profile_id))
    rows = session.execute(query).all()
    items = [{"id": row.profile_id, **row.summary} for row in rows[:limit]]
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(items, token_of(last.sort_name, last.profile_id) if last else None)


def count(session: Session, words: str = "") -> int:
    """How many the search finds in all."""
    query = sa.select(sa.func.count()).select_from(PROFILE_SEARCH)
    asked = _tsquery(words)
    if asked is not None:
        query = query.where(PROFILE_SEARCH.c.words.op("@@")(sa.cast(sa.literal(asked), postgresql.TSQUERY)))
    return session.execute(query).scalar_one()


def summaries(session: Session, profile_ids: list[str]) -> dict[str, dict[str, Any]]:
    """What a result shows of each of these profiles."""
    rows = session.execute(
        sa.select(PROFILE_SEARCH.c.profile_id, PROFILE_SEARCH.c.summary).where(
            PROFILE_SEARCH.c.profile_id.in_(profile_ids)
        )
    )
    return {row.profile_id: {"id": row.profile_id, **row.summary} for row in rows}


def refresh(context: Context, of: ibis.Table | None = None) -> int:
    """Renew the words of all profiles or of some; how many rows changed."""
    names = context.warehouse.read(_words(of), context.organization_id)
    folded = pc.fill_null(standardise.fold(names["words"]), "")
    numbers = pc.fill_null(pc.utf8_lower(names["numbers"]), "")
    compact = pc.replace_substring_regex(numbers, pattern=r"[^\p{L}\p{N} ]+", replacement="")
    parts = pc.fill_null(standardise.fold(names["numbers"]), "")
    rows = pa.table(
        {
            "profile_id": names["profile_id"],
            "words": pc.binary_join_element_wise(folded, numbers, compact, parts, " "),
            "place": names["place"],
        }
    )
    with context.session() as session:
        staged = bulk.stage(session, rows)
        gone = 0
        if of is None:
            gone = bulk.run(
                session,
                f"delete from profile_search t where not exists (select from {staged} s where s.profile_id = t.profile_id)",  # noqa: S608
            )
        return gone + bulk.run(session, _WRITE.format(staged=staged))


_WRITE = r"""
with reach as (
  select i.profile_id,
    string_agg(case when kind = 'email' then value || ' ' || regexp_replace(value, '[@.+_-]+', ' ', 'g')
      when kind = 'phone' then substr(value, 2) || ' ' || right(value, 10) || ' ' || right(value, 7)
      else lower(lookup) || ' ' || lower(value) || ' ' || regexp_replace(lower(value), '[^a-z0-9]+', ' ', 'g') end, ' ') as words,
    min(value) filter (where kind = 'email') as email, min(value) filter (where kind = 'phone') as phone,
    coalesce(jsonb_agg(distinct value) filter (where kind = 'account'), '[]') as accounts
  from identifier i join {staged} s using (profile_id) group by 1
)
insert into profile_search as t (profile_id, sort_name, words, summary)
select s.profile_id, coalesce(lower(p.name), ''),
  array_to_tsvector(array_remove(string_to_array(s.words || ' ' || coalesce(r.words, ''), ' '), '')),
  jsonb_build_object('kind', p.kind, 'name', p.name, 'stage', p.stage, 'address', s.place, 'email', r.email,
    'phone', r.phone, 'accounts', coalesce(r.accounts, '[]'))
from {staged} s join profile p using (profile_id) left join reach r using (profile_id)
on conflict (organization_id, profile_id) do update set sort_name = excluded.sort_name, words = excluded.words,
  summary = excluded.summary
where (t.sort_name, t.words, t.summary) is distinct from (excluded.sort_name, excluded.words, excluded.summary)
"""


def _words(of: ibis.Table | None) -> ibis.Table:
    """profile_id, words (to be folded), numbers (kept as they are) and place (the present address)."""
    link = current(table("profile_link"))
    link = link if of is None else link.semi_join(of, "profile_id")
    customer, lives = current(table("customer")), current(table("occupancy"))
    place, installed, meter = (
        current(table(name)) for name in ("service_location", "meter_installation", "meter")
    )
    people = link.join(customer, ["source", "customer_id"])
    names = people.select(
        "profile_id",
        words=_text(
            people.first_name,
            people.last_name,
            people.organization,
            people.mail_street,
            people.mail_city,
            people.mail_zip,
        ),
        numbers=ibis.literal(""),
        place=ibis.null("string"),
        until=ibis.null("date"),
    )
    who = link.select("profile_id").distinct()
    homes = lives.join(who, "profile_id").join(place, ["source", "service_location_id"])
    address = _text(homes.street, homes.unit) + ", " + ibis.coalesce(homes.city, "")
    where = homes.select(
        "profile_id",
        words=_text(homes.street, homes.unit, homes.city, homes.zip),
        numbers=ibis.literal(""),
        place=address,
        until=ibis.coalesce(homes.ended_at, ibis.date("9999-12-31")),
    ).distinct()
    there = lives.join(who, "profile_id").join(installed, ["source", "usage_point_id"])
    there = there.filter(
        ibis.coalesce(there.installed_at < there.ended_at, True)
        & ibis.coalesce(there.removed_at > there.started_at, True)
    )
    there = attach(there, meter.select("source", "meter_id", "serial"), ["source", "meter_id"])
    devices = there.select(
        "profile_id",
        words=ibis.literal(""),
        numbers=_text(there.meter_id, there.serial),
        place=ibis.null("string"),
        until=ibis.null("date"),
    ).distinct()
    every = ibis.union(names, where, devices, distinct=False)
    last = every.group_by("profile_id").agg(
        words=every.words.group_concat(" "), numbers=every.numbers.group_concat(" "), newest=every.until.max()
    )
    shown = where.group_by("profile_id", newest=where.until).agg(place=where.place.min())
    return attach(last, shown, ["profile_id", "newest"]).select("profile_id", "words", "numbers", "place")


def _text(*columns: Any) -> Any:
    """The columns that are known, with spaces between."""
    text = ibis.coalesce(columns[0], "")
    for column in columns[1:]:
        text = text + ibis.ifelse(column.isnull(), "", ibis.literal(" ") + column)
    return text


def _tsquery(words: str) -> str | None:
    """``'ana':* & 'lop':*``; a phone or account number typed with dashes is also looked up without them."""
    text = words.strip().lower()[:200]
    if "@" in text:
        return " & ".join(_prefix(word) for word in text.split())
    folded = standardise.one(standardise.fold, text)
    if not folded:
        return None
    every = " & ".join(_prefix(word) for word in dict.fromkeys(folded.split()))
    compact = "".join(character for character in text if character.isalnum())
    if any(character.isdigit() for character in compact) and len(compact) >= 4 and compact != folded:
        phone = standardise.one(standardise.phones, text)
        if phone:
            return f"{_prefix(compact)} | {_prefix(phone[1:])}"
        return f"({every}) | {_prefix(compact)}"
    return every


def _prefix(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}':*"
