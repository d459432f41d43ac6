"""Which profile id each person carries on: pure arithmetic on columns.

A person keeps the oldest of the ids its records had; the others are merged into it. Where the records of one
id come apart, those that founded it keep it (else most of them), and a part that once had an id of its own
gets it back: a split undoes a merge exactly.
"""

from dataclasses import dataclass
from secrets import token_bytes

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lamplighter.customers.matching import Ints

_ALPHABET = np.frombuffer(b"0123456789abcdefghjkmnpqrstvwxyz", dtype="S1")
_LENGTH = 20
"""Characters of a profile id after ``pr_``: 100 random bits."""


@dataclass(frozen=True)
class Outcome:
    """Per record its profile and the first one it ever had; what was created, merged and split."""

    profile_id: pa.Array
    first_profile_id: pa.Array
    created: pa.Array
    merges: pa.Table
    """merged, survivor, records"""
    splits: pa.Table
    """whole, part, records"""


def assign(person: Ints, keys: pa.Array, previous: pa.Table, known: pa.Table) -> Outcome:
    """Give every person an id.

    ``person`` numbers the person of each record, ``keys`` names each record, ``previous`` holds the links so
    far (source, customer_id, profile_id, first_profile_id), ``known`` all profiles, oldest first.
    """
    _, person = np.unique(person, return_inverse=True)
    persons = int(person.max(initial=-1)) + 1
    before, first = _before(keys, previous, known)
    ids = known["profile_id"].combine_chunks()
    merged = np.asarray(pc.is_valid(known["merged_into"]).combine_chunks().to_numpy(zero_copy_only=False))

    chosen, losers = _survivors(person, persons, before, first)
    chosen = _come_back(person, chosen, first, merged)
    fresh = np.flatnonzero(chosen < 0)
    created = new_ids(len(fresh))
    chosen[fresh] = len(ids) + np.arange(len(fresh))
    everyone = pa.concat_arrays([ids.cast(pa.string()), created]) if len(ids) else created

    of_record = chosen[person]
    profile_id = everyone.take(pa.array(of_record))
    sizes = np.bincount(person, minlength=persons)
    still = np.isin(losers[0], of_record)
    gone = ~still
    merges = pa.table(
        {
            "merged": everyone.take(pa.array(losers[0][gone])),
            "survivor": everyone.take(pa.array(chosen[losers[1][gone]])),
            "records": pa.array(sizes[losers[1][gone]]),
        }
    )
    moved = (before >= 0) & (before != of_record) & np.isin(before, of_record)
    pairs, counts = np.unique(np.stack([before[moved], of_record[moved]]), axis=1, return_counts=True)
    splits = pa.table(
        {
            "whole": everyone.take(pa.array(pairs[0])),
            "part": everyone.take(pa.array(pairs[1])),
            "records": pa.array(counts),
        }
    )
    first_ids = everyone.take(pa.array(np.where(first >= 0, first, of_record)))
    return Outcome(profile_id, first_ids, created, merges, splits)


def new_ids(count: int) -> pa.Array:
    """``pr_`` and 100 random bits each."""
    if not count:
        return pa.array([], pa.string())
    letters = np.frombuffer(token_bytes(count * _LENGTH), dtype=np.uint8) & 31
    text = _ALPHABET[letters].reshape(count, _LENGTH).view(f"S{_LENGTH}").ravel()
    return pc.binary_join_element_wise("pr_", pa.array(text, pa.binary()).cast(pa.string()), "")


def _before(keys: pa.Array, previous: pa.Table, known: pa.Table) -> tuple[Ints, Ints]:
    """Number of the profile each record has and first had; −1 for a new record."""
    if not previous.num_rows:
        nothing = np.full(len(keys), -1, dtype=np.int64)
        return nothing, nothing.copy()
    old_keys = pc.binary_join_element_wise(previous["source"], previous["customer_id"], "\x1f")
    at = pc.index_in(keys, value_set=old_keys)
    return tuple(
        _number(pc.index_in(previous[name].combine_chunks().take(at), value_set=known["profile_id"]))
        for name in ("profile_id", "first_profile_id")
    )  # type: ignore[return-value]


def _number(positions: pa.Array) -> Ints:
    return np.asarray(pc.fill_null(positions, -1).to_numpy(zero_copy_only=False), dtype=np.int64)


def _survivors(person: Ints, persons: int, before: Ints, first: Ints) -> tuple[Ints, npt.NDArray[np.int64]]:
    """Per person the oldest of the ids it wins (−1: none), and the (id, person) pairs that it wins but drops."""
    had = before >= 0
    pairs, group = np.unique(np.stack([before[had], person[had]]), axis=1, return_inverse=True)
    group = group.ravel()
    counts = np.bincount(group, minlength=pairs.shape[1])
    founders = np.bincount(group, weights=first[had] == before[had], minlength=pairs.shape[1])
    order = np.lexsort((pairs[1], -counts, -founders, pairs[0]))
    profile, winner = pairs[0][order], pairs[1][order]
    _, best = np.unique(profile, return_index=True)
    profile, winner = profile[best], winner[best]

    chosen = np.full(persons, np.iinfo(np.int64).max)
    np.minimum.at(chosen, winner, profile)  # known profiles are numbered by age
    chosen[chosen == np.iinfo(np.int64).max] = -1
    dropped = chosen[winner] != profile
    return chosen, np.stack([profile[dropped], winner[dropped]])


def _come_back(person: Ints, chosen: Ints, first: Ints, merged: npt.NDArray[np.bool_]) -> Ints:
    """A person without an id takes up the merged one that its records once had, if nobody else does."""
    lost = (chosen[person] < 0) & (first >= 0)
    lost[lost] = merged[first[lost]]
    pairs = np.unique(np.stack([first[lost], person[lost]]), axis=1)
    _, once = np.unique(pairs[0], return_index=True)
    profile, owner = pairs[0][once], pairs[1][once]
    _, once = np.unique(owner, return_index=True)
    chosen = chosen.copy()
    chosen[owner[once]] = profile[once]
    return chosen
