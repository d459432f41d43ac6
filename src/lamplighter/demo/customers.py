"""The customer files: ``customers.csv``, ``relationships.csv``, ``contacts.csv``, and the truth behind them."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lamplighter.demo import columns, names, places
from lamplighter.demo.accounts import Book
from lamplighter.demo.cast import Cast, Role, Trap, traps_of_roles
from lamplighter.demo.columns import NEVER
from lamplighter.demo.contact_details import ContactDetails
from lamplighter.demo.draws import Flags, Ints, between, chance, mixed, pick, stream
from lamplighter.demo.people import People, name_columns
from lamplighter.demo.tenancy import Tenancy

NEEDS = ("life_support", "medical", "senior", "infant", "disability")
LIFE_SUPPORT, MEDICAL = 0, 1
KINDS = ("residential", "commercial", "industrial", "municipal")


@dataclass(frozen=True)
class Customers:
    """Arrays of shape (records,), where not said otherwise."""

    ids: pa.Array
    created: Ints
    needs: Flags
    """(5, records) special needs as in ``NEEDS``."""
    deceased: Flags
    confidential: Flags
    income_known: Flags
    payer: Ints
    """The record that pays for this one, -1 where it pays itself."""
    traps: Ints


def number_customers(
    seed: int, cast: Cast, people: People, tenancy: Tenancy, book: Book, contacts: ContactDetails, today: int
) -> Customers:
    """Numbers in the order in which customers came, and the facts that only a few of them have."""
    rng = stream(seed, "customers")
    size = cast.size
    created = np.full(size, NEVER, dtype=np.int64)
    np.minimum.at(created, book.accounts.customer, book.accounts.opened)
    created = created - between(rng, size, 0, 6)
    free = np.flatnonzero(created > today)
    basis = np.minimum(created[cast.anchor[free]], today - 1_500)
    created[free] = basis + between(rng, len(free), 0, 1_400)
    rank = np.empty(size, dtype=np.int64)
    rank[np.argsort(created, kind="stable")] = np.arange(size)

    age = 1970 + today // 365.2425 - people.born
    private = ~cast.is_business
    alone = private & (cast.person == np.arange(size))
    needs = np.stack(
        [
            private & chance(rng, size, 0.005),
            private & chance(rng, size, 0.02),
            private & (age >= 65) & chance(rng, size, 0.6),
            private & (age < 42) & chance(rng, size, 0.03),
            private & chance(rng, size, 0.03),
        ]
    )
    deceased = alone & (age > 72) & chance(rng, size, 0.07)
    confidential = alone & ~deceased & chance(rng, size, 0.004)
    income_known = private & chance(rng, size, 0.28)
    needs[:, 0] = deceased[0] = confidential[0] = income_known[0] = False
    payer = np.full(size, -1)
    carers = cast.of(Role.CARER)
    paying = carers[chance(rng, len(carers), 0.5)]
    payer[cast.anchor[paying]] = paying
    aided = mixed(rng, cast.of(Role.HEAD)[1:])[: max(1, size // 600)]
    payer[aided] = np.where(payer[aided] < 0, cast.of(Role.CITY)[0], payer[aided])
    traps = traps_of_roles(cast) | book.traps | contacts.traps
    traps |= deceased * Trap.DECEASED | confidential * Trap.CONFIDENTIAL
    return Customers(
        ids=columns.serial("C", rank + 10_001, 7),
        created=created,
        needs=needs,
        deceased=deceased,
        confidential=confidential,
        income_known=income_known,
        payer=payer,
        traps=traps,
    )


def customers_table(
    seed: int,
    cast: Cast,
    town: places.Places,
    tenancy: Tenancy,
    people: People,
    contacts: ContactDetails,
    customers: Customers,
    today: int,
) -> pa.Table:
    """``customers.csv``."""
    rng = stream(seed, "customers.csv")
    size = cast.size
    private = ~cast.is_business
    kind = np.zeros(size, dtype=np.int64)
    for role, code in (
        (Role.FIRM, 1),
        (Role.FIRM_DOUBLE, 1),
        (Role.LANDLORD_FIRM, 1),
        (Role.PLANT, 2),
        (Role.CITY, 3),
    ):
        kind[cast.role == role] = code
    double = cast.person != np.arange(size)
    born_known = private & ~chance(rng, size, 0.04) & ~(double & chance(rng, size, 0.15))
    size_known = private & ~double & chance(rng, size, 0.55)
    size_known[0] = True
    need_words = [columns.chosen(customers.needs[code], word, None) for code, word in enumerate(NEEDS)]
    needs = columns.joined(need_words, ";")
    language = pick(rng, size, (88.0, 12.0))
    income_day = today - between(rng, size, 20, 900)
    return pa.table(
        {
            "customer_id": customers.ids,
            "kind": columns.words(KINDS, kind),
            **name_columns(people),
            "email": contacts.email,
            "phone": contacts.phone,
            "mobile": contacts.mobile,
            **_mail(rng, cast, town, tenancy),
            "language": columns.chosen(
                (language == 1) & (people.language == 0),
                None,
                columns.words(names.LANGUAGES, people.language),
            ),
            "birth_year": columns.numbers(people.born, born_known),
            "household_size": columns.numbers(people.household, size_known),
            "income_annual": columns.numbers(people.income, customers.income_known),
            "income_source": columns.chosen(
                customers.income_known,
                columns.words(("documented", "attested", "estimated"), pick(rng, size, (30.0, 40.0, 30.0))),
                None,
            ),
            "income_on": columns.dates(income_day, customers.income_known),
            "special_needs": columns.chosen(np.any(customers.needs, axis=0), needs, None),
            "deceased": customers.deceased,
            "confidential": customers.confidential,
            "created_on": columns.dates(customers.created),
        }
    ).take(pa.array(np.argsort(customers.ids.to_numpy(zero_copy_only=False).astype("U8"), kind="stable")))


def _mail(rng: np.random.Generator, cast: Cast, town: places.Places, tenancy: Tenancy) -> dict[str, pa.Array]:
    """Where letters go: mostly home, written short or long; a box, another town, or an address long left."""
    size = cast.size
    home = np.maximum(tenancy.home, 0)
    long_line, unit = (column.take(pa.array(home)) for column in places.street_lines(town))
    short_line = places.street_lines(town, short=True)[0].take(pa.array(home))
    line = columns.chosen(chance(rng, size, 0.3), short_line, long_line)
    line = columns.joined([line, unit], " ")
    in_box = (cast.role == Role.LANDLORD_FIRM) | chance(rng, size, 0.035)
    in_box[0] = False
    box = columns.joined(["PO Box ", pa.array(between(rng, size, 100, 100 + size // 25)).cast(pa.string())])
    away = (cast.role == Role.FORMER) & chance(rng, size, 0.6) | (cast.role == Role.CARER) & chance(
        rng, size, 0.5
    )
    town_of = pick(rng, size, (5.0, 3.0, 2.0, 1.0))
    streets = [street for street in names.STREETS if street.endswith(("Street", "Avenue"))]
    far = columns.joined(
        [
            pa.array(between(rng, size, 100, 4_999)).cast(pa.string()),
            columns.words(streets, pick(rng, size, [1.0] * len(streets))),
        ],
        " ",
    )
    unknown = ~away & ~in_box & (tenancy.home < 0)
    in_box &= ~away
    line = columns.chosen(in_box, box, columns.chosen(away, far, line))
    city = columns.chosen(away, columns.words([name for name, _ in names.OTHER_TOWNS], town_of), places.CITY)
    post = columns.chosen(
        away,
        columns.words([code for _, code in names.OTHER_TOWNS], town_of),
        columns.chosen(in_box, "97397", places.zips(town).take(pa.array(home))),
    )
    return {
        "mail_street": columns.chosen(unknown, None, line),
        "mail_city": columns.chosen(unknown, None, city),
        "mail_state": columns.words((places.STATE,), np.where(unknown, -1, 0)),
        "mail_zip": columns.chosen(unknown, None, post),
    }


def contacts_table(
    seed: int, cast: Cast, contacts: ContactDetails, customers: Customers, today: int
) -> pa.Table:
    """``contacts.csv``: what customers may be reached by, numbers as E.164, mailboxes in lower case."""
    rng = stream(seed, "contacts.csv")
    parts = []
    for channel, values, no_share in (
        ("email", pa.compute.utf8_lower(contacts.email), 0.05),
        ("sms", contacts.mobile_e164, 0.07),
        ("voice", contacts.phone_e164, 0.03),
    ):
        who = np.flatnonzero(contacts.reachable[channel])
        count = len(who)
        verified = today * 86_400 - between(rng, count, 86_400, 86_400 * 900)
        verified = np.maximum(verified, np.minimum(customers.created[who] + 1, today - 1) * 86_400)
        opted_out = np.minimum(verified + between(rng, count, 3_600, 86_400 * 300), today * 86_400 - 1)
        parts.append(
            pa.table(
                {
                    "customer_id": customers.ids.take(pa.array(who)),
                    "channel": columns.words((channel,), np.zeros(count, dtype=np.int64)),
                    "value": values.take(pa.array(who)),
                    "verified_at": columns.times(verified, chance(rng, count, 0.42)),
                    "opted_out_at": columns.times(opted_out, (who > 0) & chance(rng, count, no_share)),
                }
            )
        )
    return pa.concat_tables(parts)


def truth_table(seed: int, cast: Cast, tenancy: Tenancy, customers: Customers) -> pa.Table:
    """``truth.csv``: which person or business each customer number really is, and in which traps it plays.

    ``household_id`` is for those who live here now; room-mates are households of their own.
    """
    rng = stream(seed, "truth")
    size = cast.size
    shuffled = rng.permutation(size) + 1
    true_number = shuffled[cast.person]
    household = np.where(np.isin(cast.role, (Role.PARTNER, Role.SON, Role.TWIN)), cast.anchor, cast.person)
    lives_here = ~cast.is_business & np.isin(
        cast.role, (Role.HEAD, Role.PARTNER, Role.SON, Role.TWIN, Role.ROOMMATE, Role.DOUBLE)
    )
    labels = [columns.chosen((customers.traps & trap) > 0, str(trap.name).lower(), None) for trap in Trap]
    table = pa.table(
        {
            "customer_id": customers.ids,
            "true_id": columns.chosen(
                cast.is_business, columns.serial("B", true_number, 7), columns.serial("P", true_number, 7)
            ),
            "kind": columns.words(("person", "business"), cast.is_business.astype(np.int64)),
            "household_id": columns.chosen(lives_here, columns.serial("H", shuffled[household], 7), None),
            "traps": columns.chosen(customers.traps == 0, None, columns.joined(labels, ";")),
        }
    )
    return table.sort_by("customer_id")
