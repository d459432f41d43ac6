"""The customer records of the warehouse as columns: to be matched, and to say what a profile is called."""

from dataclasses import dataclass

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamplighter.context import Context
from lamplighter.customers import standardise
from lamplighter.customers.matching import KINDS, Keys, Matching, Records, codes
from lamplighter.warehouse.expressions import current, history
from lamplighter.warehouse.tables import table

BUSINESS_KINDS = ("commercial", "industrial", "municipal")
_COLUMNS = (
    "source", "customer_id", "kind", "first_name", "last_name", "organization", "email", "phone", "mobile",
    "language", "birth_year", "deceased", "confidential", "recorded_at",
)  # fmt: skip


@dataclass(frozen=True)
class Found:
    """The records (n rows), what of them is compared, and every identifier as one row.

    ``identified`` has record (row number), kind, value (as shown), lookup (as asked for), verified_at.
    ``values`` are the texts of the codes in ``keys.value``.
    """

    rows: pa.Table
    business: pa.Array
    records: Records
    keys: Keys
    values: pa.Array
    identified: pa.Table

    def record_keys(self) -> pa.Array:
        """One text per record that names it."""
        return _record_key(self.rows["source"], self.rows["customer_id"])

    def profiles(self, profile_id: pa.Array) -> pa.Table:
        """One row per profile: kind, name and language of its most complete, then newest record."""
        business = np.asarray(self.business.to_numpy(zero_copy_only=False))
        person_name = _joined(self.rows["first_name"], self.rows["last_name"])
        name = pc.if_else(
            self.business, pc.coalesce(_trimmed(self.rows["organization"]), person_name),
            pc.coalesce(person_name, _trimmed(self.rows["organization"])),
        )  # fmt: skip
        complete = np.where(
            business, pc.is_valid(name).to_numpy(zero_copy_only=False), self.records.name >= 0
        )
        at = self.rows["recorded_at"].cast(pa.int64()).to_numpy()
        code = codes(profile_id)
        best = np.lexsort((np.arange(len(code)), -at, ~complete, code))
        first = best[np.unique(code[best], return_index=True)[1]]
        kind = pc.if_else(self.business, "business", "person")
        chosen = pa.array(first)
        return pa.table(
            {
                "profile_id": profile_id.take(chosen),
                "kind": kind.take(chosen),
                "name": name.take(chosen),
                "language": _array(self.rows["language"]).take(chosen),
            }
        )

    def identifiers(self, profile_id: pa.Array) -> pa.Table:
        """The identifiers of profiles, each once, with the latest proof."""
        rows = self.identified
        whose = profile_id.take(rows["record"])
        source = _array(self.rows["source"]).take(rows["record"])
        full = (
            rows.append_column("profile_id", whose).append_column("source", source).drop_columns(["record"])
        )
        grouped = full.group_by(["profile_id", "kind", "source", "value"]).aggregate(
            [("lookup", "max"), ("verified_at", "max")]
        )
        return grouped.rename_columns({"lookup_max": "lookup", "verified_at_max": "verified_at"}).select(
            ["profile_id", "kind", "value", "lookup", "source", "verified_at"]
        )

    def blocked(self, matching: Matching) -> pa.Table:
        """kind, value and persons of the values that were on too many."""
        kind_of = np.zeros(len(self.values), dtype=np.int64)
        kind_of[self.keys.value] = self.keys.kind
        codes_ = pa.array(matching.blocked)
        text = self.values.take(codes_)
        return pa.table(
            {
                "kind": pa.array(KINDS).take(pa.array(kind_of[matching.blocked])),
                "value": pc.list_element(pc.split_pattern(text, "\x1f", max_splits=1), 1)
                if len(text)
                else text,
                "persons": pa.array(matching.blocked_persons, pa.int64()),
            }
        )


def read(context: Context) -> Found:
    """All present customer records of an organization with their keys."""
    customer = history(table("customer"))
    rows = _read(context, customer.filter(customer.is_current).select(*_COLUMNS))
    contact = current(table("contact_point"))
    contacts = _read(context, contact.select("source", "customer_id", "channel", "address", "verified_at"))
    account = current(table("customer_account"))
    accounts = _read(context, account.select("source", "customer_id", "account_id"))
    return _found(rows, contacts, accounts)


def _found(rows: pa.Table, contacts: pa.Table, accounts: pa.Table) -> Found:
    count = rows.num_rows
    everyone = pa.array(np.arange(count))
    names = _record_key(rows["source"], rows["customer_id"])
    by_contact = pc.index_in(_record_key(contacts["source"], contacts["customer_id"]), value_set=names)
    by_account = pc.index_in(_record_key(accounts["source"], accounts["customer_id"]), value_set=names)

    identified = pa.concat_tables(
        [
            _identified(everyone, "email", rows["email"]),
            _identified(everyone, "phone", rows["phone"]),
            _identified(everyone, "phone", rows["mobile"]),
            _identified(by_contact, "email", contacts["address"], contacts, ["email"]),
            _identified(by_contact, "phone", contacts["address"], contacts, ["sms", "voice"]),
            _identified(by_account, "account", accounts["account_id"]),
            _identified(everyone, "customer", rows["customer_id"]),
        ]
    ).combine_chunks()

    business = pc.or_(
        pc.fill_null(pc.is_in(rows["kind"], value_set=pa.array(BUSINESS_KINDS)), False),
        pc.and_(
            pc.is_valid(_trimmed(rows["organization"])),
            pc.and_(pc.is_null(_trimmed(rows["first_name"])), pc.is_null(_trimmed(rows["last_name"]))),
        ),
    )
    business = _array(business)
    keys, values = _keys(identified, _array(rows["source"]))
    return Found(rows, business, _records(rows, business), keys, values, identified)


def _records(rows: pa.Table, business: pa.Array) -> Records:
    given, family, suffix = standardise.person_names(rows["first_name"], rows["last_name"])
    company = standardise.business_names(rows["organization"])
    is_business = np.asarray(business.to_numpy(zero_copy_only=False))
    full = pc.if_else(business, pc.is_valid(company), pc.and_(pc.is_valid(given), pc.is_valid(family)))
    some = pc.or_(pc.is_valid(company), pc.or_(pc.is_valid(given), pc.is_valid(family)))
    known = np.asarray(full.to_numpy(zero_copy_only=False))
    left, right = pc.if_else(business, company, given), pc.if_else(business, "", family)
    kind = pc.if_else(business, "b", "p")
    year = rows["birth_year"].fill_null(-1).to_numpy()
    return Records(
        name=np.where(known, codes(kind, left, right, suffix), -1),
        bare_name=np.where(known, codes(kind, left, right), -1),
        suffix=np.where(suffix.is_valid().to_numpy(zero_copy_only=False) & ~is_business, codes(suffix), -1),
        birth_year=np.where((year > 1850) & ~is_business, year, -1),
        business=is_business,
        nameless=~np.asarray(some.to_numpy(zero_copy_only=False)),
        guarded=_flag(rows["confidential"]),
        closed=_flag(rows["deceased"]),
    )


def _identified(
    record: pa.Array,
    kind: str,
    column: pa.ChunkedArray,
    contacts: pa.Table | None = None,
    channels: list[str] | None = None,
) -> pa.Table:
    """record, kind, value, lookup, verified_at of one column, without those that are nothing."""
    if kind == "email":
        value = standardise.emails(column)
        lookup = value
    elif kind == "phone":
        value = standardise.phones(column)
        lookup = value
    else:
        value = _array(pc.utf8_trim_whitespace(column))
        lookup = standardise.account_numbers(column)
    verified = contacts["verified_at"] if contacts is not None else None
    table_ = pa.table(
        {
            "record": record.cast(pa.int64()),
            "kind": pa.array([kind]).take(pa.array(np.zeros(len(value), dtype=np.int64))),
            "value": value,
            "lookup": lookup,
            "verified_at": verified
            if verified is not None
            else pa.nulls(len(value), pa.timestamp("us", "UTC")),
        }
    )
    good = pc.and_(pc.and_(pc.is_valid(value), pc.is_valid(lookup)), pc.is_valid(record))
    if contacts is not None:
        good = pc.and_(good, pc.is_in(contacts["channel"], value_set=pa.array(channels)))
    return table_.filter(good)


def _keys(identified: pa.Table, sources: pa.Array) -> tuple[Keys, pa.Array]:
    """What of the identifiers is compared: e-mail without tags, phone, account within its source."""
    usable = identified.filter(pc.is_in(identified["kind"], value_set=pa.array(KINDS))).combine_chunks()
    kind = _array(usable["kind"])
    value = pc.if_else(
        pc.equal(kind, "email"), standardise.email_keys(usable["lookup"]), _array(usable["lookup"])
    )
    space = pc.if_else(pc.equal(kind, "account"), sources.take(usable["record"].combine_chunks()), "")
    text = pc.binary_join_element_wise(pc.binary_join_element_wise(kind, space, ":"), value, "\x1f")
    there = pc.is_valid(text)
    encoded = _array(text.filter(there)).dictionary_encode()
    record = usable["record"].combine_chunks().filter(there).to_numpy()
    kinds = pc.index_in(kind.filter(there), value_set=pa.array(KINDS)).to_numpy(zero_copy_only=False)
    triple = np.unique(
        np.stack([record, kinds, encoded.indices.to_numpy(zero_copy_only=False)]).astype(np.int64), axis=1
    )
    return Keys(triple[0], triple[1], triple[2]), encoded.dictionary


def _read(context: Context, expression: ibis.Table) -> pa.Table:
    return context.warehouse.read(expression, context.organization_id)


def _record_key(source: pa.ChunkedArray, customer: pa.ChunkedArray) -> pa.Array:
    return _array(pc.binary_join_element_wise(source, customer, "\x1f"))


def _joined(first: pa.ChunkedArray, last: pa.ChunkedArray) -> pa.Array:
    both = pc.binary_join_element_wise(pc.fill_null(first, ""), pc.fill_null(last, ""), " ")
    return _trimmed(both)


def _trimmed(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    text = _array(pc.utf8_trim_whitespace(column))
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def _flag(column: pa.ChunkedArray) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.asarray(column.fill_null(False).to_numpy(), dtype=np.bool_)


def _array(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
