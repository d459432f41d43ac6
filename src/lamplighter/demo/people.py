"""What the book says about each person or firm: names, birth years, language, household.

Relations come first and names follow from them: a partner mostly has the head's surname, a son all of his
father's name, a second record the same name with something wrong in it.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lamplighter.demo import columns, names
from lamplighter.demo.cast import Cast, Role, Second
from lamplighter.demo.columns import NEVER
from lamplighter.demo.draws import Flags, Floats, Ints, Texts, bell, between, chance, pick, stream
from lamplighter.demo.tenancy import Tenancy

OLD = 1966
"""Those born before it have the given names of their time."""

_KEYS = [
    (origin, sex, old)
    for origin in names.ORIGINS
    for sex in (names.FEMALE, names.MALE)
    for old in (False, True)
]
_GIVEN = [name for key in _KEYS for name in names.GIVEN[key]]
_GIVEN_COUNT = np.array([len(names.GIVEN[key]) for key in _KEYS])
_GIVEN_START = np.cumsum(_GIVEN_COUNT) - _GIVEN_COUNT
_FAMILY = [name for origin in names.ORIGINS for name in names.FAMILY[origin]]
_FAMILY_COUNT = np.array([len(names.FAMILY[origin]) for origin in names.ORIGINS])
_FAMILY_START = np.cumsum(_FAMILY_COUNT) - _FAMILY_COUNT


@dataclass(frozen=True)
class People:
    """Arrays of shape (records,); ``born`` and what follows it are of use for persons only."""

    first: Texts
    last: Texts
    organization: Texts
    born: Ints
    language: Ints
    household: Ints
    income: Ints
    given_code: Ints
    """Names before anything went wrong with them: places in ``plain_names``."""
    family_code: Ints


def make_people(seed: int, cast: Cast, tenancy: Tenancy, owned: Flags, today: int) -> People:
    """Everybody's facts. ``owned`` (records,) says who owns the home."""
    rng = stream(seed, "people")
    size, anchor = cast.size, cast.anchor
    this_year = 1970 + int(today / 365.2425)
    year_in = 1970 + np.where(tenancy.since < NEVER, tenancy.since, today) // 365.2425
    origin, sex = pick(rng, size, names.ORIGIN_WEIGHTS), pick(rng, size, (51.0, 49.0))
    age = np.clip(48 + 17 * bell(rng, size) - 6 * ~owned, 20, 96)
    born = np.minimum(this_year - age, year_in - 19).astype(np.int64)
    born = np.maximum(born, this_year - 97)
    given_luck, family_luck = _skewed(rng, size), _skewed(rng, size)
    _relate(rng, cast, origin, sex, born, family_luck, this_year)
    if anchor[cast.of(Role.DOUBLE)[:1]].tolist() == [0]:
        origin[0], sex[0], born[0] = names.ORIGINS.index("hispanic"), names.FEMALE, 1987

    key = origin * 4 + sex * 2 + (born < OLD)
    given = _GIVEN_START[key] + np.floor(given_luck * _GIVEN_COUNT[key]).astype(np.int64)
    family = _FAMILY_START[origin] + np.floor(family_luck * _FAMILY_COUNT[origin]).astype(np.int64)
    sons, twins = cast.of(Role.SON), cast.of(Role.TWIN)
    given[sons] = given[anchor[sons]]
    start, count = _GIVEN_START[key[twins]], _GIVEN_COUNT[key[twins]]
    given[twins] = start + (given[twins] - start + (given[twins] == given[anchor[twins]])) % count
    given[0], family[0] = _GIVEN.index("Rosa"), _FAMILY.index("Delgado")
    doubles = np.flatnonzero(cast.person != np.arange(size))
    for array in (given, family, born, origin):
        array[doubles] = array[cast.person[doubles]]
    married = np.flatnonzero(cast.second == Second.MARRIED)
    new = _FAMILY_START[origin[married]] + np.floor(rng.random(len(married)) * _FAMILY_COUNT[origin[married]])
    family[married] = np.where(new == family[married], _FAMILY_START[origin[married]], new)

    household = 1 + pick(rng, size, (27.0, 34.0, 16.0, 13.0, 6.0, 3.0, 1.0))
    household[anchor[tenancy.lives_along]] = np.maximum(2, household[anchor[tenancy.lives_along]])
    household[0] = 3
    household[tenancy.lives_along] = household[anchor[tenancy.lives_along]]
    tongue = np.where(rng.random(size) < np.array(names.LANGUAGE_SHARE)[origin], origin, 0)
    tongue[0] = 1
    tongue[doubles] = np.where(chance(rng, len(doubles), 0.8), tongue[cast.person[doubles]], 0)
    income = np.clip(62_000 + 31_000 * bell(rng, size) + np.where(owned, 16_000, -14_000), 9_000, 260_000)
    first, last = _written(rng, cast, given, family, origin)
    business = cast.is_business
    first[business], last[business] = "", ""
    owners = cast.owned_firms[chance(rng, len(cast.owned_firms), 0.5)]
    face = np.full(size, -1)
    face[cast.owned_firms] = cast.owners
    first[owners], last[owners] = first[face[owners]], last[face[owners]]
    return People(
        first=first,
        last=last,
        organization=_firm_names(rng, cast),
        born=born,
        language=np.where(business, 0, tongue),
        household=household,
        income=(income // 500 * 500).astype(np.int64),
        given_code=given,
        family_code=family,
    )


def plain_names() -> tuple[list[str], list[str]]:
    """Given and family names by code."""
    return _GIVEN, _FAMILY


def _skewed(rng: np.random.Generator, size: int) -> Floats:
    """In [0, 1), small numbers more often: common names are common."""
    luck = rng.random(size)
    return np.asarray(luck * (0.45 + 0.55 * luck))


def _relate(
    rng: np.random.Generator,
    cast: Cast,
    origin: Ints,
    sex: Ints,
    born: Ints,
    family_luck: Floats,
    this_year: int,
) -> None:
    """Set what relatives have in common, in place."""
    for role, same_name in ((Role.PARTNER, 0.68), (Role.SON, 1.0), (Role.TWIN, 1.0), (Role.CARER, 0.6)):
        records = cast.of(role)
        heads = cast.anchor[records]
        alike = records[chance(rng, len(records), max(same_name, 0.85))]
        origin[alike] = origin[cast.anchor[alike]]
        named = records[chance(rng, len(records), same_name) & (origin[records] == origin[heads])]
        family_luck[named] = family_luck[cast.anchor[named]]
        count = len(records)
        if role == Role.PARTNER:
            sex[records] = np.where(chance(rng, count, 0.93), 1 - sex[heads], sex[heads])
            born[records] = born[heads] + between(rng, count, -5, 5)
        elif role == Role.SON:
            sex[records], sex[heads] = names.MALE, names.MALE
            born[heads] = np.minimum(born[heads], this_year - 45)
            born[records] = born[heads] + between(rng, count, 21, 25)
        elif role == Role.TWIN:
            born[records] = born[heads]
        else:
            born[heads] = np.minimum(born[heads], this_year - between(rng, count, 74, 93))
            born[records] = born[heads] + between(rng, count, 22, 36)


def _written(
    rng: np.random.Generator, cast: Cast, given: Ints, family: Ints, origin: Ints
) -> tuple[Texts, Texts]:
    """First and last name as each record has them: suffixes, initials, capitals and every kind of slip."""
    size = cast.size
    first, last = np.array(_GIVEN, dtype="U24")[given], np.array(_FAMILY, dtype="U32")[family]
    hispanic = (origin == names.ORIGINS.index("hispanic")) & chance(rng, size, 0.22)
    hispanic[0] = False
    doubles = np.flatnonzero(cast.person != np.arange(size))
    count = _FAMILY_COUNT[1]
    mothers = _FAMILY_START[1] + between(rng, size, 0, int(count) - 1)
    last = np.where(hispanic, np.char.add(np.char.add(last, " "), np.array(_FAMILY)[mothers]), last).astype(
        "U32"
    )
    initials = np.array([f" {letter}" for letter in "ABCDEFGJKLMRST"])[between(rng, size, 0, 13)]
    with_initial = chance(rng, size, 0.07)
    with_initial[0] = False
    first = np.where(with_initial, np.char.add(first, initials), first).astype("U24")
    sons = cast.of(Role.SON)
    first[sons], last[sons] = first[cast.anchor[sons]], last[cast.anchor[sons]]
    suffixed = sons[chance(rng, len(sons), 0.4)]
    last[suffixed] = np.char.add(last[suffixed], " Jr")
    seniors = cast.anchor[suffixed[chance(rng, len(suffixed), 0.4)]]
    last[seniors] = np.char.add(last[seniors], " Sr")

    people = cast.person[doubles]
    kind = cast.second[doubles]
    first[doubles] = first[people]
    last[doubles] = np.where(kind == Second.MARRIED, np.array(_FAMILY)[family[doubles]], last[people])
    typos = doubles[kind == Second.TYPO]
    in_last = chance(rng, len(typos), 0.5)
    last[typos[in_last]] = _slip(rng, last[typos[in_last]])
    first[typos[~in_last]] = _slip(rng, first[typos[~in_last]])
    swapped = doubles[kind == Second.SWAPPED]
    first[swapped], last[swapped] = last[cast.person[swapped]].astype("U24"), first[cast.person[swapped]]
    short = doubles[kind == Second.NICKNAME]
    nick = np.array([names.NICKNAMES.get(name, name[:1] + ".") for name in _GIVEN], dtype="U24")
    first[short] = nick[given[short]]
    loud = chance(rng, size, 0.04)
    loud[0] = False
    first[loud], last[loud] = np.char.upper(first[loud]), np.char.upper(last[loud])
    return first, last


def _slip(rng: np.random.Generator, texts: Texts) -> Texts:
    """A slip of the typist in each text: two letters swapped, one left out, or one struck twice."""
    if not len(texts):
        return texts
    width = texts.dtype.itemsize // 4
    letters = np.ascontiguousarray(texts).view(np.uint32).reshape(len(texts), width)
    length = (letters != 0).sum(axis=1)
    at = 1 + np.floor(rng.random(len(texts)) * np.maximum(length - 2, 1)).astype(np.int64)
    kind = pick(rng, len(texts), (4.0, 3.0, 3.0))[:, None]
    place = np.broadcast_to(np.arange(width), letters.shape)
    swap = place + (place == at[:, None]) - (place == at[:, None] + 1)
    drop = np.minimum(place + (place >= at[:, None]), width - 1)
    twice = place - (place > at[:, None])
    source = np.where(kind == 0, swap, np.where(kind == 1, drop, twice))
    slipped = np.take_along_axis(letters, np.minimum(source, width - 1), axis=1)
    return np.ascontiguousarray(slipped).view(texts.dtype).reshape(len(texts))


def _firm_names(rng: np.random.Generator, cast: Cast) -> Texts:
    """Names of firms, each (word, place, trade) once before any comes again with a number."""
    organization = np.full(cast.size, "", dtype="U48")
    firms = cast.of(Role.FIRM)
    words, places, trades = (
        np.array(part) for part in (names.FIRM_NAMES, names.FIRM_PLACES, names.FIRM_TRADES)
    )
    number = rng.permutation(len(firms))
    pairs = len(words) * len(trades)
    word, trade = number % len(words), (number // len(words) + number * 7) % len(trades)
    place = (number // pairs + word * 5 + trade * 3) % len(places)
    title = np.char.add(
        np.char.add(words[word], np.char.add(" ", places[place])), np.char.add(" ", trades[trade])
    )
    form = np.array(names.FIRM_FORMS)[pick(rng, len(firms), (45.0, 33.0, 14.0, 8.0))]
    named = np.char.add(np.char.replace(title, "  ", " "), form)
    organization[firms] = _numbered(named, number // (pairs * len(places)))
    second = cast.of(Role.FIRM_DOUBLE)
    plain = np.char.replace(organization[cast.anchor[second]], " LLC", "")
    organization[second] = np.char.upper(np.char.replace(plain, "Street", "St"))
    for role, titles in (
        (Role.LANDLORD_FIRM, names.LANDLORD_NAMES),
        (Role.CITY, names.CITY_OFFICES),
        (Role.PLANT, names.PLANTS),
    ):
        records = cast.of(role)
        at = np.arange(len(records))
        organization[records] = _numbered(np.array(titles)[at % len(titles)], at // len(titles))
    return organization


def _numbered(titles: Texts, rounds: Ints) -> Texts:
    """Names used again get a number: the second round is No. 2."""
    last = int(rounds.max()) if len(rounds) else 0
    return np.char.add(titles, np.array(["", *(f" No. {turn + 1}" for turn in range(1, last + 1))])[rounds])


def name_columns(people: People) -> dict[str, pa.Array]:
    """The three name columns of ``customers.csv``."""
    return {
        "first_name": columns.strings(people.first),
        "last_name": columns.strings(people.last),
        "organization": columns.strings(people.organization),
    }
