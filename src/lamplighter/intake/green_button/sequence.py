"""The order of readings in time: what came twice, what contradicts, where a series has holes.

A series that runs forward in time cannot hold one start twice, so it needs no memory but its last start. Only
the series that jump back (overlapping blocks, newest first) are gathered and sorted, in columns of numbers.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from lamplighter.intake.green_button.finding import Findings
from lamplighter.intake.green_button.readings import LONGEST, REJECTS_KEPT, Columns, ReadingBuffer, Rejects

HOLE = 60
"""Seconds between two readings that count as a gap; some meters write 899 s where they mean 900."""

Mask = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
DURATIONS_KEPT = 50


@dataclass
class Sequence:
    """Of each series: gaps, duplicates and durations; ``dropped`` holds row numbers, ascending."""

    dropped: Ints
    gaps: list[int]
    duplicates: list[int]
    durations: list[dict[int, int]]
    block_rows: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    """Readings, first and last start of each block whose series cannot be used."""


@dataclass
class _Gathered:
    """Columns of the series that jump back in time."""

    row: Ints
    series: Ints
    start: Ints
    seconds: Ints
    value: Ints
    exponent: Ints
    updated: Ints
    line: Ints


def examine(
    buffer: ReadingBuffer, series_of_block: Ints, exponent_of_block: Ints, updated: Ints, refused: Mask,
    findings: Findings, rejects: Rejects,
) -> Sequence:  # fmt: skip
    """One pass over all readings, and a second only where a series jumps back."""
    count = len(refused)
    result = Sequence(np.empty(0, np.int64), [0] * count, [0] * count, [{} for _ in range(count)])
    jumps = _walk(buffer, series_of_block, refused, result)
    if jumps.any():
        gathered = _gather(buffer, series_of_block, exponent_of_block, updated, jumps)
        _settle(gathered, jumps, result, findings, rejects)
    return result


def _walk(buffer: ReadingBuffer, series_of_block: Ints, refused: Mask, result: Sequence) -> Mask:
    count = len(refused)
    last_start = np.full(count, -1, np.int64)
    last_end = np.full(count, np.iinfo(np.int64).max, np.int64)
    gaps = np.zeros(count, np.int64)
    jumps = np.zeros(count, np.bool_)
    for columns in buffer.batches():
        series = series_of_block[columns.block]
        bad = (series < 0) | refused[series] if count else np.ones(len(series), np.bool_)
        if bad.any():
            _count_blocks(columns.where(bad), result)
        order = np.argsort(series, kind="stable")
        order = order[series[order] >= 0]
        if not len(order):
            continue
        who, start = series[order], columns.start[order]
        end = start + columns.seconds[order]
        first = np.concatenate(([True], who[1:] != who[:-1]))
        final = np.concatenate((who[1:] != who[:-1], [True]))
        before = np.where(first, last_start[who], np.concatenate(([0], start[:-1])))
        ended = np.where(first, last_end[who], np.concatenate(([0], end[:-1])))
        jumps[who[start <= before]] = True
        gaps += np.bincount(who[(start > ended) & (start - ended >= HOLE)], minlength=count)
        last_start[who[final]] = start[final]
        last_end[who[final]] = end[final]
        _count_durations(who, columns.seconds[order], result.durations)
    result.gaps = gaps.tolist()
    return jumps


def _count_blocks(columns: Columns, result: Sequence) -> None:
    blocks, at, counts = np.unique(columns.block, return_index=True, return_counts=True)
    for block, first, number in zip(blocks.tolist(), at.tolist(), counts.tolist(), strict=True):
        have, since, _ = result.block_rows.get(block, (0, int(columns.start[first]), 0))
        result.block_rows[block] = (have + number, since, int(columns.start[first + number - 1]))


def _count_durations(who: Ints, seconds: Ints, durations: list[dict[int, int]]) -> None:
    pairs, counts = np.unique(who * (LONGEST + 1) + seconds, return_counts=True)
    for pair, number in zip(pairs.tolist(), counts.tolist(), strict=True):
        series, length = divmod(pair, LONGEST + 1)
        known = durations[series]
        if length in known or len(known) < DURATIONS_KEPT:
            known[length] = known.get(length, 0) + number


def _gather(
    buffer: ReadingBuffer, series_of_block: Ints, exponent_of_block: Ints, updated: Ints, jumps: Mask
) -> _Gathered:
    parts: list[tuple[Ints, ...]] = []
    offset = 0
    for columns in buffer.batches():
        series = series_of_block[columns.block]
        rows = np.flatnonzero((series >= 0) & jumps[series])
        block = columns.block[rows]
        parts.append((
            rows + offset, series[rows], columns.start[rows], columns.seconds[rows], columns.value[rows],
            columns.exponent[rows] + exponent_of_block[block], updated[block], columns.line[rows].astype(np.int64),
        ))  # fmt: skip
        offset += len(columns)
    return _Gathered(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _settle(gathered: _Gathered, jumps: Mask, result: Sequence, findings: Findings, rejects: Rejects) -> None:
    """Of all readings with one series and start the latest published stays, among equals the last in the file."""
    order = np.lexsort((gathered.row, gathered.updated, gathered.start, gathered.series))
    sorted_ = _Gathered(**{name: column[order] for name, column in vars(gathered).items()})
    same = (sorted_.series[1:] == sorted_.series[:-1]) & (sorted_.start[1:] == sorted_.start[:-1])
    stays = np.concatenate((~same, [True]))
    winner = np.flatnonzero(stays)[np.cumsum(np.concatenate(([False], stays[:-1])))]
    losers = np.flatnonzero(~stays)
    equal = _equal(sorted_, losers, winner[losers])
    result.dropped = np.sort(sorted_.row[losers])
    for series, number in zip(*np.unique(sorted_.series[losers[equal]], return_counts=True), strict=True):
        result.duplicates[int(series)] = int(number)
    if equal.any():
        line = int(sorted_.line[losers[equal]].min())
        findings.add(
            "duplicate_reading",
            line,
            "The same reading stands in the file again; counted once.",
            int(equal.sum()),
        )
    rivals = losers[~equal]
    rejects.count += max(len(rivals) - REJECTS_KEPT, 0)
    for loser in rivals[:REJECTS_KEPT].tolist():
        line, start = int(sorted_.line[loser]), int(sorted_.start[loser])
        kept = int(sorted_.line[winner[loser]])
        sentence = f"Two values for the reading that starts at {start}; that of line {kept}, published later, counts."
        findings.add("conflicting_reading", line, sentence)
        raw = f"start {start}, duration {int(sorted_.seconds[loser])}, value {int(sorted_.value[loser])}"
        rejects.add(line, "IntervalReading", "conflicting_reading", sentence, raw)
    _gaps_again(sorted_, stays, jumps, result)


def _equal(of: _Gathered, one: Ints, other: Ints) -> Mask:
    plain = (of.exponent[one] == of.exponent[other]) & (of.value[one] == of.value[other])
    zero = (of.value[one] == 0) & (of.value[other] == 0)
    same: Mask = (plain | zero) & (of.seconds[one] == of.seconds[other])
    return same


def _gaps_again(of: _Gathered, stays: Mask, jumps: Mask, result: Sequence) -> None:
    series, start, end = of.series[stays], of.start[stays], (of.start + of.seconds)[stays]
    holes = (series[1:] == series[:-1]) & (start[1:] - end[:-1] >= HOLE)
    counts = np.bincount(series[1:][holes], minlength=len(jumps))
    for one in np.flatnonzero(jumps).tolist():
        result.gaps[one] = int(counts[one])
