"""E-mail addresses and telephone numbers, and who shares whose.

All of them are made up for good: addresses lie in the domains kept for examples (RFC 2606), telephone numbers are
555-0100 to 555-0199, which are kept for fiction in every area code: 359 area codes give 35,900 numbers, enough for
a town of 25,000. A larger town goes on with the rest of the 555 exchange (but not 1212 and 4334), where no number
is in service: 3.5 million more. No two people share a number by accident.
"""

from dataclasses import dataclass
from functools import cache
from unicodedata import normalize

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamplighter.demo import columns, names
from lamplighter.demo.cast import Cast, Role, Second, Trap, managers
from lamplighter.demo.draws import Flags, Ints, chance, mixed, pick, stream
from lamplighter.demo.people import People, plain_names
from lamplighter.demo.tenancy import Tenancy

PLACEHOLDER_EMAILS = (
    "noemail@alderbay.example",
    "n/a",
    "none",
    "NOEMAIL@ALDERBAY.EXAMPLE",
    "donotreply@alderbay.example",
    "x@x.example",
    "unknown",
)
PLACEHOLDER_PHONES = ("000-000-0000", "999-999-9999", "n/a", "0", "1234567890")
KIOSK_PHONE = "541-555-0100"
"""The counter at the utility's office, whose clerks typed it in for walk-in customers."""


@dataclass(frozen=True)
class ContactDetails:
    """Columns of shape (records,), null where the book has nothing."""

    email: pa.Array
    phone: pa.Array
    mobile: pa.Array
    phone_e164: pa.Array
    mobile_e164: pa.Array
    reachable: dict[str, Flags]
    """By channel (email, sms, voice): there is something that is no placeholder."""
    traps: Ints


def make_contacts(seed: int, cast: Cast, people: People, tenancy: Tenancy) -> ContactDetails:
    """Each column is drawn as *whose* address or number it is, then written out."""
    rng = stream(seed, "contacts")
    size = cast.size
    traps = np.zeros(size, dtype=np.int64)
    age_factor = np.where(people.born < 1955, 0.55, 0.84)
    itself = np.arange(size)
    email = np.where(rng.random(size) < np.where(cast.is_business, 0.92, age_factor), itself, -1)
    mobile = np.where(
        rng.random(size) < np.where(cast.is_business, 0.3, 0.9 - (people.born < 1945) * 0.3), itself, -1
    )
    phone = np.where((mobile < 0) | chance(rng, size, 0.24), itself, -1)
    phone[chance(rng, size, 0.02)] = -1
    email[0], mobile[0], phone[0] = 0, 0, -1
    _second_records(rng, cast, email, mobile, phone)
    _families(rng, cast, email, mobile, phone)
    _business(rng, cast, tenancy, email, mobile, phone, traps)
    _recycled(rng, cast, mobile, tenancy, traps)

    plain = ~cast.is_business & (traps == 0) & (cast.person == itself) & (itself > 0)
    plain &= ~np.isin(itself, cast.anchor[cast.anchor != itself])
    placeholder = plain & chance(rng, size, 0.035)
    no_phone = plain & ~placeholder & chance(rng, size, 0.012)
    kiosk = plain & ~placeholder & ~no_phone & chance(rng, size, 0.006)
    kiosk[np.flatnonzero(plain & ~placeholder & ~no_phone)[:12]] = True
    traps |= (
        placeholder * Trap.PLACEHOLDER_EMAIL | no_phone * Trap.PLACEHOLDER_PHONE | kiosk * Trap.KIOSK_PHONE
    )
    email[placeholder] = -1
    phone[no_phone | kiosk] = -1

    area, line = _numbers(rng, size, mobile, phone)
    mobile_text = _written(rng, area[0], line[0], mobile)
    phone_text = _written(rng, area[1], line[1], phone)
    phone_text = columns.chosen(kiosk, KIOSK_PHONE, phone_text)
    nonsense = columns.words(PLACEHOLDER_PHONES, pick(rng, size, (5.0, 3.0, 2.0, 1.0, 1.0)))
    email_nonsense = columns.words(PLACEHOLDER_EMAILS, pick(rng, size, (9.0, 4.0, 3.0, 2.0, 1.0, 1.0, 1.0)))
    phone_plus = _plain(area[1], line[1], phone)
    return ContactDetails(
        email=columns.chosen(placeholder, email_nonsense, _mailboxes(rng, cast, people, email, traps)),
        phone=columns.chosen(no_phone, nonsense, phone_text),
        mobile=mobile_text,
        phone_e164=columns.chosen(kiosk, "+1" + KIOSK_PHONE.replace("-", ""), phone_plus),
        mobile_e164=_plain(area[0], line[0], mobile),
        reachable={"email": email >= 0, "sms": mobile >= 0, "voice": phone >= 0},
        traps=traps,
    )


def _second_records(rng: np.random.Generator, cast: Cast, email: Ints, mobile: Ints, phone: Ints) -> None:
    """A double mostly has something of its person's; movers and the newly married may have changed it."""
    doubles = np.flatnonzero(cast.person != np.arange(cast.size))
    first = cast.person[doubles]
    changed = np.isin(cast.second[doubles], (Second.MARRIED, Second.MOVER))
    for column, same, own in ((email, 0.55, 0.12), (mobile, 0.62, 0.0), (phone, 0.4, 0.0)):
        kind = pick(rng, len(doubles), (same, own, 1 - same - own))
        its_own = np.where(
            (kind == 1) | ((kind == 2) & changed & chance(rng, len(doubles), 0.3)), doubles, -1
        )
        column[doubles] = np.where(kind == 0, column[first], its_own)
    bare = doubles[(email[doubles] < 0) & (mobile[doubles] < 0) & (phone[doubles] < 0)]
    mobile[bare] = mobile[cast.person[bare]]
    email[bare] = np.where(mobile[bare] < 0, email[cast.person[bare]], email[bare])


def _families(rng: np.random.Generator, cast: Cast, email: Ints, mobile: Ints, phone: Ints) -> None:
    """One mailbox or one line for several people of a house."""
    for role, one_mail, one_mobile, one_line in (
        (Role.PARTNER, 0.55, 0.3, 0.5),
        (Role.SON, 0.3, 0.1, 0.5),
        (Role.TWIN, 0.1, 0.2, 0.5),
        (Role.ROOMMATE, 0.0, 0.0, 0.35),
        (Role.CARER, 0.35, 0.0, 0.0),
    ):
        records = cast.of(role)
        heads = cast.anchor[records]
        for column, share in ((email, one_mail), (mobile, one_mobile), (phone, one_line)):
            both = chance(rng, len(records), share)
            column[records[both]] = column[heads[both]]
        if role == Role.PARTNER:
            apart = np.ones(len(records), dtype=bool)
            for column in (email, mobile, phone):
                apart &= (column[records] != column[heads]) | (column[records] < 0)
            phone[heads[apart]] = heads[apart]
            phone[records[apart]] = heads[apart]
        elif role == Role.CARER:
            mobile[records] = records
            phone[heads] = np.where(chance(rng, len(records), 0.7), -1, phone[heads])
            mobile[heads] = np.where(phone[heads] < 0, records, mobile[heads])


def _business(
    rng: np.random.Generator,
    cast: Cast,
    tenancy: Tenancy,
    email: Ints,
    mobile: Ints,
    phone: Ints,
    traps: Ints,
) -> None:
    """Owners' own contacts on their firms, and landlords' on their tenants."""
    owners, firms = cast.owners, cast.owned_firms
    email[firms] = np.where(chance(rng, len(firms), 0.5), email[owners], email[firms])
    mobile[owners] = owners
    mobile[firms] = owners
    landlords = np.concatenate([cast.landlords, cast.of(Role.LANDLORD_FIRM)])
    email[landlords], phone[landlords] = landlords, landlords
    let = np.flatnonzero((tenancy.landlord >= 0) & (tenancy.occupant >= 0))
    tenants, landlord = tenancy.occupant[let], tenancy.landlord[let]
    free = (np.isin(cast.role[tenants], Role.HEAD)) & ~np.isin(tenants, cast.anchor[cast.role != Role.HEAD])
    free &= ~np.isin(tenants, np.concatenate([cast.landlords, cast.owners, cast.movers]))
    of_manager = np.isin(landlord, cast.of(Role.LANDLORD_FIRM)[: managers(cast)])
    lent = free & (rng.random(len(let)) < np.where(of_manager, 0.4, 0.16))
    tenants, landlord = tenants[lent], landlord[lent]
    by_mail = chance(rng, len(tenants), 0.6)
    email[tenants] = np.where(by_mail, landlord, email[tenants])
    phone[tenants] = np.where(by_mail & chance(rng, len(tenants), 0.5), phone[tenants], landlord)
    traps[tenants] |= Trap.LANDLORDS_CONTACT


def _recycled(rng: np.random.Generator, cast: Cast, mobile: Ints, tenancy: Tenancy, traps: Ints) -> None:
    """Numbers of people who left town that now belong to somebody else here."""
    gone = mixed(rng, cast.of(Role.FORMER))
    heads = mixed(rng, cast.of(Role.HEAD)[1:])
    involved = np.concatenate([cast.anchor[cast.role != Role.HEAD], cast.owners, cast.landlords, cast.movers])
    heads = heads[~np.isin(heads, involved) & (traps[heads] == 0)]
    several = min(max(2, cast.size // 500), len(gone), len(heads))
    old, new = gone[:several], heads[:several]
    mobile[old], mobile[new] = old, old
    traps[old] |= Trap.RECYCLED_PHONE
    traps[new] |= Trap.RECYCLED_PHONE


def _numbers(rng: np.random.Generator, size: int, mobile: Ints, phone: Ints) -> tuple[Ints, Ints]:
    """(2, records) area code and line of each one's mobile, then of its land line; only those in use take one."""
    used = np.zeros((2, size), dtype=bool)
    used[0, mobile[mobile >= 0]] = True
    used[1, phone[phone >= 0]] = True
    total = int(used.sum())
    number = np.zeros((2, size), dtype=np.int64)
    number[used] = 1 + rng.permutation(total)  # number 0 is the kiosk's
    areas = len(names.AREA_CODES)
    place, area = np.divmod(number, areas)
    lines = _line_numbers()
    block = place // 100
    if int(block.max(initial=0)) * 100 + 99 >= len(lines):
        raise ValueError(f"no more than {areas * len(lines)} telephone numbers are kept for fiction")
    turned = block * 100 + (place % 100 * 37 + area * 61) % 100  # neighbours do not get neighbouring lines
    line = lines[turned]
    return area, line


@cache
def _line_numbers() -> Ints:
    """0100–0199 first, then the rest of 555-0200 to 555-9999."""
    rest = [line for line in range(200, 10_000) if line not in (1212, 4334)]
    return np.array([*range(100, 200), *rest[: len(rest) // 100 * 100]])


def _plain(area: Ints, line: Ints, whose: Ints) -> pa.Array:
    """As E.164, null where there is nobody's."""
    return columns.chosen(whose < 0, None, columns.joined(["+1", *_parts(area, line, whose)]))


def _parts(area: Ints, line: Ints, whose: Ints) -> tuple[pa.Array, str, pa.Array]:
    at = np.maximum(whose, 0)
    return columns.words(names.AREA_CODES, area[at]), "555", columns.serial("", line[at], 4)


def _written(rng: np.random.Generator, area: Ints, line: Ints, whose: Ints) -> pa.Array:
    """As clerks type them: six ways."""
    code, exchange, rest = _parts(area, line, whose)
    ways = [
        columns.joined(["(", code, ") ", exchange, "-", rest]),
        columns.joined([code, exchange, rest], "-"),
        columns.joined([code, exchange, rest]),
        columns.joined(["+1", code, exchange, rest]),
        columns.joined([code, exchange, rest], "."),
        columns.joined(["1", code, exchange, rest], " "),
    ]
    style = pick(rng, len(whose), (38.0, 30.0, 14.0, 8.0, 6.0, 4.0))
    written = pc.choose(pa.array(style), *ways)
    return columns.chosen(whose < 0, None, written)


def _mailboxes(rng: np.random.Generator, cast: Cast, people: People, whose: Ints, traps: Ints) -> pa.Array:
    """Everyone's own mailbox, taken by whose it is. Equal names are told apart by a number."""
    size = cast.size
    given, family = plain_names()
    first = columns.words([_slug(name) for name in given], people.given_code)
    last = columns.words([_slug(name) for name in family], people.family_code)
    initial = pc.utf8_slice_codeunits(first, 0, 1)
    year = columns.serial("", people.born % 100, 2)
    ways = [
        columns.joined([first, last], "."),
        columns.joined([first, last]),
        columns.joined([initial, last]),
        columns.joined([first, ".", last, year]),
        columns.joined([first, year]),
        columns.joined([last, "_", initial]),
    ]
    local = pc.choose(pa.array(pick(rng, size, (30.0, 14.0, 14.0, 22.0, 10.0, 10.0))), *ways)
    firm = cast.is_business
    role = pick(rng, size, (5.0, 3.0, 2.0))
    called = pc.replace_substring_regex(
        columns.joined([pa.array(people.organization)]), "( LLC| Inc| Co)$", ""
    )
    slug = pc.utf8_lower(pc.replace_substring_regex(called, "[^A-Za-z0-9]", ""))
    domain = columns.words(names.MAIL_DOMAINS, pick(rng, size, names.MAIL_WEIGHTS))
    private = columns.joined([local, "@", domain])
    box = columns.joined([columns.words(("info", "office", "billing"), role), "@", slug, ".example"])
    address = _told_apart(columns.chosen(firm, box, private))
    traps |= np.where(firm & (whose == np.arange(size)), Trap.ROLE_MAILBOX, 0)
    kind = pick(rng, size, (92.0, 4.0, 2.0, 2.0))
    kind[firm] = 0
    kind[0] = 0
    taken = address.take(pa.array(whose, mask=whose < 0))
    tagged = pc.replace_substring(taken, "@", "+power@", max_replacements=1)
    return pc.choose(pa.array(kind), taken, pc.utf8_capitalize(taken), pc.utf8_upper(taken), tagged)


def _slug(name: str) -> str:
    plain = normalize("NFKD", name.replace("Đ", "D").replace("đ", "d")).encode("ascii", "ignore").decode()
    return "".join(letter for letter in plain.lower() if letter.isalnum())


def _told_apart(addresses: pa.Array) -> pa.Array:
    """Append .2, .3 … to the local part of the second and further holders of one address."""
    code = addresses.dictionary_encode().indices.to_numpy()
    order = np.argsort(code, kind="stable")
    counts = np.bincount(code)
    rank = np.empty(len(code), dtype=np.int64)
    rank[order] = np.arange(len(code)) - np.repeat(np.cumsum(counts) - counts, counts)
    number = columns.joined([".", pa.array(rank + 1).cast(pa.string()), "@"])
    local, domain = (pc.list_element(pc.split_pattern(addresses, "@"), side) for side in (0, 1))
    return columns.chosen(rank == 0, addresses, columns.joined([local, number, domain]))
