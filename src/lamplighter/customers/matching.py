"""Which records are one person, by exact keys: pure arithmetic on columns, no database and no loop over records.

Two records that share an e-mail address, a phone number or an account of one source are linked only where
their names agree and nothing contradicts. So a couple with one mailbox, father and son on one phone and a
landlord's tenants stay apart: a missed link costs a letter, a wrong one shows somebody else's bill.

Steps: keys on too many persons are blocked → records of one (key, name) are joined → records without a name
join the only name on their e-mail → chains that contradict themselves fall back to their surest links.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

MOST_PERSONS = {"email": 5, "phone": 8}
"""A value on more persons than this says nothing about one of them: an office, a landlord, a kiosk."""

MOST_RECORDS = 8
"""A person with more records than this is looked at again with the strictest rule (businesses have no limit)."""

CONFIDENCE = {"account": 0.98, "email": 0.97, "phone": 0.95}
"""How sure one shared key makes us once names agree; two keys multiply their doubts, a birth year halves them."""

NAMELESS = 0.9
KINDS = tuple(CONFIDENCE)


@dataclass(frozen=True)
class Records:
    """The records to match, as columns of equal length n. Codes are −1 where nothing is known."""

    name: Ints
    """Code of kind, family, given name and suffix together; −1 where a part of the name is missing."""
    bare_name: Ints
    """The same without the suffix."""
    suffix: Ints
    birth_year: Ints
    business: Bools
    nameless: Bools
    """No part of a name is known."""
    guarded: Bools
    """Protected address: two guarded records are never joined by themselves."""
    closed: Bools
    """Deceased: never joined by itself."""


@dataclass(frozen=True)
class Keys:
    """(record, kind, value) three columns of equal length, without repetitions; ``kind`` indexes ``KINDS``."""

    record: Ints
    kind: Ints
    value: Ints


@dataclass(frozen=True)
class Matching:
    """``person[i]`` is the least record number of i's person; ``blocked`` are value codes with their persons."""

    person: Ints
    confidence: npt.NDArray[np.float64]
    rule: Ints
    """Bits of ``KINDS`` by which a record was joined; 0: it stands alone."""
    blocked: Ints
    blocked_persons: Ints
    refused: int
    """Chains that contradicted themselves and were taken apart."""


@dataclass(frozen=True)
class _Edges:
    left: Ints
    right: Ints
    kind: Ints
    weak: Bools

    def where(self, mask: Bools) -> "_Edges":
        return _Edges(self.left[mask], self.right[mask], self.kind[mask], self.weak[mask])


def match(records: Records, keys: Keys) -> Matching:
    """Join records by their keys. 100,000 records with four keys each take well under a second."""
    count = len(records.name)
    open_ = ~records.closed[keys.record]
    keys = Keys(keys.record[open_], keys.kind[open_], keys.value[open_])
    blocked, persons = _too_common(records, keys)
    usable = ~np.isin(keys.value, blocked)
    keys = Keys(keys.record[usable], keys.kind[usable], keys.value[usable])

    edges = _join(_same_name(records, keys), _same_birth(records, keys), _only_name(records, keys))
    person = components(count, edges.left, edges.right)
    doubtful = _contradicting(records, person)
    if len(doubtful):
        born = records.birth_year
        sure = (
            ~np.isin(person[edges.left], doubtful)
            | (~edges.weak & (born[edges.left] >= 0) & (born[edges.left] == born[edges.right])
               & (records.suffix[edges.left] == records.suffix[edges.right]))
        )  # fmt: skip
        edges = edges.where(sure)
        person = components(count, edges.left, edges.right)
    confidence, rule = _confidence(records, edges, count)
    return Matching(person, confidence, rule, blocked, persons, len(doubtful))


def codes(*columns: pa.Array) -> Ints:
    """One code per distinct row of the columns (nulls are a value of their own)."""
    text = pc.binary_join_element_wise(
        *[pc.fill_null(column.cast(pa.string()), "\x00") for column in columns], "\x1f"
    )
    return np.asarray(text.dictionary_encode().indices.to_numpy(zero_copy_only=False), dtype=np.int64)


def components(count: int, left: Ints, right: Ints) -> Ints:
    """Least member of each node's connected component: labels sink along edges until none changes."""
    label = np.arange(count, dtype=np.int64)
    while len(left):
        low = np.minimum(label[left], label[right])
        before = label.copy()
        np.minimum.at(label, left, low)
        np.minimum.at(label, right, low)
        label = np.minimum(label, label[label])
        while not np.array_equal(label, label[label]):
            label = label[label]
        if np.array_equal(before, label):
            break
    return label


def _too_common(records: Records, keys: Keys) -> tuple[Ints, Ints]:
    """Values of e-mail and phone on more distinct persons than allowed (a nameless record counts as one)."""
    named = records.name[keys.record]
    person = np.where(named >= 0, named, -1 - keys.record)
    pairs = np.unique(np.stack([keys.value, person]), axis=1)
    value, persons = np.unique(pairs[0], return_counts=True)
    kind_of = np.zeros(int(keys.value.max(initial=0)) + 1, dtype=np.int64)
    kind_of[keys.value] = keys.kind
    limit = np.array([MOST_PERSONS.get(kind, 2**62) for kind in KINDS])
    over = persons > limit[kind_of[value]]
    return value[over], persons[over]


def _same_name(records: Records, keys: Keys) -> _Edges:
    """Records of one key and one full name, unless their birth years differ or two are guarded."""
    named = keys_where(keys, records.name[keys.record] >= 0)
    group = _group(named.value, records.name[named.record])
    fine = ~_many(group, records.birth_year[named.record]) & ~_twice(group, records.guarded[named.record])
    return _star(keys_where(named, fine), group[fine])


def _same_birth(records: Records, keys: Keys) -> _Edges:
    """Records of one key, name and birth year: also where others of that name were born in another year, or
    where only one of the two spells out a suffix.
    """
    known = keys_where(keys, (records.name[keys.record] >= 0) & (records.birth_year[keys.record] >= 0))
    group = _group(known.value, records.bare_name[known.record], records.birth_year[known.record])
    fine = ~_many(group, records.suffix[known.record]) & ~_twice(group, records.guarded[known.record])
    return _star(keys_where(known, fine), group[fine])


def _only_name(records: Records, keys: Keys) -> _Edges:
    """Records without any name join the one person on their e-mail address; two persons there: nobody."""
    mail = keys_where(keys, keys.kind == KINDS.index("email"))
    group = _group(mail.value)
    fine = (
        ~_many(group, records.name[mail.record])
        & ~_many(group, records.birth_year[mail.record])
        & ~_has(group, (records.name[mail.record] < 0) & ~records.nameless[mail.record])
        & ~_twice(group, records.guarded[mail.record])
    )
    edges = _star(keys_where(mail, fine), group[fine])
    weak = records.nameless[edges.left] | records.nameless[edges.right]
    return _Edges(edges.left, edges.right, edges.kind, weak).where(weak)


def _contradicting(records: Records, person: Ints) -> Ints:
    """Persons that would hold two names, birth years or suffixes, or too many records."""
    size = np.bincount(person, minlength=len(person))
    crowded = np.flatnonzero(size > MOST_RECORDS)
    several = size[person] > 1
    bad = [crowded[~records.business[crowded]]]
    for facts in (records.bare_name, records.birth_year, records.suffix):
        there = several & (facts >= 0)
        bad.append(np.unique(person[there][_many(person[there], facts[there])]))
    guarded = several & records.guarded
    bad.append(np.unique(person[guarded][_twice(person[guarded], records.guarded[guarded])]))
    return np.unique(np.concatenate(bad))


def _confidence(records: Records, edges: _Edges, count: int) -> tuple[npt.NDArray[np.float64], Ints]:
    """Per record: how sure we are that it belongs to its person, and the kinds of keys that say so."""
    base = np.array([CONFIDENCE[kind] for kind in KINDS])[edges.kind]
    base = np.where(edges.weak, NAMELESS, base)
    born = records.birth_year
    base = np.where((born[edges.left] >= 0) & (born[edges.left] == born[edges.right]), (1 + base) / 2, base)
    doubt, rule = np.ones(count), np.zeros(count, dtype=np.int64)
    for index in range(len(KINDS)):
        of_kind = edges.kind == index
        best = np.zeros(count)
        for side in (edges.left, edges.right):
            np.maximum.at(best, side[of_kind], base[of_kind])
            rule[side[of_kind]] |= 1 << index
        doubt *= 1 - best
    return np.where(rule > 0, np.round(1 - doubt, 4), 1.0), rule


def keys_where(keys: Keys, mask: Bools) -> Keys:
    """The keys where ``mask`` holds."""
    return Keys(keys.record[mask], keys.kind[mask], keys.value[mask])


def _group(*columns: Ints) -> Ints:
    """A number per distinct combination."""
    if not len(columns[0]):
        return np.zeros(0, dtype=np.int64)
    code = columns[0]
    for column in columns[1:]:
        shifted = column - column.min()
        _, code = np.unique(code * (int(shifted.max()) + 1) + shifted, return_inverse=True)
    return np.unique(code, return_inverse=True)[1].astype(np.int64)


def _star(keys: Keys, group: Ints) -> _Edges:
    """An edge from each group's first member to each other member."""
    if not len(group):
        none = np.zeros(0, dtype=np.int64)
        return _Edges(none, none, none, np.zeros(0, dtype=np.bool_))
    first = np.full(int(group.max()) + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, group, keys.record)
    left = first[group]
    edges = _Edges(left, keys.record, keys.kind, np.zeros(len(left), dtype=np.bool_))
    return edges.where(left != keys.record)


def _many(group: Ints, facts: Ints) -> Bools:
    """Whether a row's group holds more than one known value."""
    if not len(group):
        return np.zeros(0, dtype=np.bool_)
    top = int(group.max()) + 1
    known = facts >= 0
    low, high = np.full(top, np.iinfo(np.int64).max), np.full(top, -1)
    np.minimum.at(low, group[known], facts[known])
    np.maximum.at(high, group[known], facts[known])
    return np.asarray((high > low)[group])


def _twice(group: Ints, flags: Bools) -> Bools:
    """Whether more than one row of a row's group is flagged."""
    return _sum(group, flags) > 1


def _has(group: Ints, flags: Bools) -> Bools:
    return _sum(group, flags) > 0


def _sum(group: Ints, flags: Bools) -> Ints:
    if not len(group):
        return np.zeros(0, dtype=np.int64)
    return np.bincount(group, weights=flags, minlength=int(group.max()) + 1)[group].astype(np.int64)


def _join(*edges: _Edges) -> _Edges:
    return _Edges(
        np.concatenate([e.left for e in edges]),
        np.concatenate([e.right for e in edges]),
        np.concatenate([e.kind for e in edges]),
        np.concatenate([e.weak for e in edges]),
    )
