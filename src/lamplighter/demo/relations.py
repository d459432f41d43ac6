"""``relationships.csv``: landlords and tenants, carers, payers, and who may speak for whom."""

import numpy as np
import pyarrow as pa

from lamplighter.demo import columns
from lamplighter.demo.accounts import Book
from lamplighter.demo.cast import Cast, Role
from lamplighter.demo.columns import NEVER
from lamplighter.demo.customers import Customers
from lamplighter.demo.draws import Ints, between, stream
from lamplighter.demo.tenancy import Tenancy

RELATIONS = ("landlord", "authorized_contact", "caregiver", "payer", "parent_company")
LANDLORD, AUTHORIZED, CAREGIVER, PAYER, PARENT = range(5)


def relationships_table(
    seed: int,
    cast: Cast,
    tenancy: Tenancy,
    book: Book,
    customers: Customers,
    account_ids: pa.Array,
    today: int,
) -> pa.Table:
    """``relationships.csv``: from the one who stands in the relation to the other."""
    rng = stream(seed, "relationships")
    rows: list[tuple[Ints, Ints, int, Ints, Ints, Ints]] = []

    def add(
        giver: Ints, to: Ints, kind: int, since: Ints, until: Ints | None = None, account: bool = True
    ) -> None:
        ended = np.full(len(to), NEVER, dtype=np.int64) if until is None else until
        of_account = book.main_account[to] if account else np.full(len(to), -1)
        rows.append((giver, to, kind, of_account, since, ended))

    let = np.flatnonzero((tenancy.landlord >= 0) & (tenancy.occupant >= 0))
    add(tenancy.landlord[let], tenancy.occupant[let], LANDLORD, tenancy.occupied_since[let])
    left = np.flatnonzero((tenancy.landlord >= 0) & (tenancy.before >= 0))
    add(
        tenancy.landlord[left],
        tenancy.before[left],
        LANDLORD,
        tenancy.before_since[left],
        tenancy.before_until[left],
        account=False,
    )
    partners = cast.of(Role.PARTNER)
    partners = partners[book.main_account[partners] < 0]
    heads = cast.anchor[partners]
    add(
        partners,
        heads,
        AUTHORIZED,
        np.minimum(customers.created[heads] + between(rng, len(heads), 0, 300), today),
    )
    add(cast.owners, cast.owned_firms, AUTHORIZED, customers.created[cast.owned_firms])
    carers = cast.of(Role.CARER)
    heads = cast.anchor[carers]
    add(carers, heads, CAREGIVER, today - between(rng, len(carers), 40, 1_400), account=False)
    paid = np.flatnonzero((customers.payer >= 0) & (book.main_account >= 0))
    add(customers.payer[paid], paid, PAYER, today - between(rng, len(paid), 30, 900))
    city = cast.of(Role.CITY)
    add(np.full(len(city) - 1, city[0]), city[1:], PARENT, customers.created[city[1:]], account=False)
    firms = cast.of(Role.FIRM)
    branches = firms[2::40]
    add(branches - 1, branches, PARENT, customers.created[branches], account=False)

    giver, to, account, since, until = (
        np.concatenate([row[part] for row in rows]) for part in (0, 1, 3, 4, 5)
    )
    kind = np.concatenate([np.full(len(row[1]), row[2]) for row in rows])
    known = account >= 0
    _, once = np.unique((giver * cast.size + to) * len(RELATIONS) + kind, return_index=True)
    once = np.sort(once[giver[once] != to[once]])
    return pa.table(
        {
            "from_customer_id": customers.ids.take(pa.array(giver)),
            "to_customer_id": customers.ids.take(pa.array(to)),
            "kind": columns.words(RELATIONS, kind),
            "account_id": columns.chosen(known, account_ids.take(pa.array(np.maximum(account, 0))), None),
            "started_on": columns.dates(since),
            "ended_on": columns.dates(until),
        }
    ).take(pa.array(once))
