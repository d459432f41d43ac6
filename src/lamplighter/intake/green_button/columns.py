"""From numbers to Arrow: values as exact decimals in the stored unit, codes as words."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lamplighter.intake.green_button import codes
from lamplighter.intake.green_button.arrow import decimals, numbers, words
from lamplighter.intake.green_button.finding import Findings
from lamplighter.intake.green_button.readings import NO_CODE, NO_COST, Columns, Rejects
from lamplighter.intake.green_button.series import Series, stored_flow

DIGITS = 6
LIMIT = 10**18
COST_LIMIT = 10**16

_WORD = pa.dictionary(pa.int32(), pa.string())
QUANTITY = pa.decimal128(18, DIGITS)

READINGS = pa.schema([
    ("usage_point", _WORD),       # path of the UsagePoint's link
    ("reading_type", _WORD),      # path of the ReadingType's link
    ("channel", _WORD),           # empty: the main series of this point and flow
    ("flow", _WORD),              # delivered, received, net
    ("started_at", pa.timestamp("us", "UTC")),
    ("seconds", pa.int64()),
    ("value", QUANTITY),          # in unit
    ("unit", _WORD),              # kWh for Wh, MJ for J; everything else as the file has it
    ("quality", _WORD),           # valid, edited, estimated, to_check, unknown
    ("cost", QUANTITY),           # in the currency's unit
    ("currency", _WORD),
    ("tou", pa.int16()),
    ("tier", pa.int16()),
    ("raw_value", pa.int64()),    # as in the file: raw_value × 10^exponent in the unit of uom
    ("exponent", pa.int16()),
    ("uom", pa.int16()),
    ("line", pa.int32()),
])  # fmt: skip

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

QUALITY_WORDS = ("valid", "edited", "estimated", "to_check", codes.UNKNOWN_QUALITY)


class Renderer:
    """Turns columns of numbers into batches of ``READINGS``; what does not fit is set aside, once."""

    def __init__(
        self,
        series: list[Series],
        series_of_block: Ints,
        exponent_of_block: Ints,
        findings: Findings,
        rejects: Rejects,
    ) -> None:
        self._series_of_block = series_of_block
        self._exponent_of_block = exponent_of_block
        self._findings = findings
        self._rejects = rejects
        self._told: set[tuple[str, int]] = set()
        self._refused = np.array([one.refusal is not None for one in series] or [True], np.bool_)
        self._shift = np.array(
            [one.facts.unit.shift if one.facts.unit else 0 for one in series] or [0], np.int64
        )
        self._uom = np.array(
            [-1 if one.facts.uom is None else one.facts.uom for one in series] or [-1], np.int64
        )
        self._default = np.array(
            [NO_CODE if one.facts.default_quality is None else one.facts.default_quality for one in series]
            or [NO_CODE],
            np.int64,
        )
        self._words = {
            "usage_point": words([one.point.id for one in series]),
            "reading_type": words([one.type_id or None for one in series]),
            "channel": words([one.channel for one in series]),
            "flow": words([stored_flow(one) for one in series]),
            "unit": words([one.facts.unit.stored if one.facts.unit else None for one in series]),
            "currency": words([codes.currency_name(one.facts.currency) for one in series]),
        }
        self._qualities = words([*QUALITY_WORDS])

    def render(self, columns: Columns) -> pa.RecordBatch:
        """Rows of refused series are left out; values beyond 12 digits before the point are set aside."""
        series = self._series_of_block[columns.block]
        usable = (series >= 0) & ~self._refused[series]
        if not usable.all():
            columns, series = columns.where(usable), series[usable]
        exponent = columns.exponent + self._exponent_of_block[columns.block]
        value, fits = self._scaled(columns, exponent + self._shift[series])
        if not fits.all():
            columns, series, exponent, value = columns.where(fits), series[fits], exponent[fits], value[fits]
        which = numbers(series.astype(np.int32), pa.int32())
        quality = quality_indexes(columns.quality, self._default[series])
        cost = columns.cost
        no_cost = (cost == NO_COST) | (np.abs(cost) > COST_LIMIT)
        uom = self._uom[series].astype(np.int16)
        made = {name: pa.DictionaryArray.from_arrays(which, words) for name, words in self._words.items()} | {
            "started_at": numbers(columns.start * 1_000_000, READINGS.field("started_at").type),
            "seconds": numbers(columns.seconds, pa.int64()),
            "value": decimals(value, QUANTITY),
            "quality": pa.DictionaryArray.from_arrays(numbers(quality, pa.int32()), self._qualities),
            "cost": decimals(np.where(no_cost, 0, cost) * 10, QUANTITY, no_cost),
            "tou": numbers(columns.tou, pa.int16(), columns.tou == NO_CODE),
            "tier": numbers(columns.tier, pa.int16(), columns.tier == NO_CODE),
            "raw_value": numbers(columns.value, pa.int64()),
            "exponent": numbers(exponent.astype(np.int16), pa.int16()),
            "uom": numbers(uom, pa.int16(), uom < 0),
            "line": numbers(columns.line, pa.int32()),
        }
        return pa.RecordBatch.from_arrays([made[name] for name in READINGS.names], schema=READINGS)

    def _scaled(self, columns: Columns, power: Ints) -> tuple[Ints, Mask]:
        """value × 10^power in millionths, and which of them fit into 18 digits."""
        value = columns.value
        scaled = np.zeros(len(value), np.int64)
        fits = np.ones(len(value), np.bool_)
        for one in np.unique(power).tolist():
            rows = power == one
            numbers, shift = value[rows], one + DIGITS
            if shift >= 0:
                factor = 10 ** min(shift, 18)
                good = np.abs(numbers) < LIMIT // factor if shift <= 18 else numbers == 0
                scaled[rows] = np.where(good, numbers, 0) * factor
                fits[rows] = good
            else:
                scaled[rows], rounded = _half_even(numbers, -shift)
                if rounded.any():
                    lines = columns.line[rows][rounded]
                    self._tell(
                        "value_rounded", int(lines[0]), "Rounded to six decimals, half to even.", len(lines)
                    )
        self._set_aside(columns, ~fits)
        return scaled, fits

    def _set_aside(self, columns: Columns, mask: Mask) -> None:
        for row in np.flatnonzero(mask).tolist():
            line = int(columns.line[row])
            if ("value_out_of_range", line) not in self._told:
                self._tell(
                    "value_out_of_range", line, "The value has more than 12 digits; it was set aside.", 1
                )
                raw = f"start {int(columns.start[row])}, value {int(columns.value[row])}"
                self._rejects.add(
                    line, "IntervalReading", "value_out_of_range", "The value has more than 12 digits.", raw
                )

    def _tell(self, code: str, line: int, sentence: str, times: int) -> None:
        """Readings may be iterated several times; each finding is told once."""
        if (code, line) not in self._told:
            self._told.add((code, line))
            self._findings.add(code, line, sentence, times)


def _half_even(numbers: Ints, digits: int) -> tuple[Ints, Mask]:
    """Divided by 10^digits, rounded half to even, and where that lost something."""
    if digits > 18:
        return np.zeros_like(numbers), numbers != 0
    divisor = 10**digits
    whole = numbers // divisor
    rest = numbers - whole * divisor
    up = (rest > divisor - rest) | ((rest == divisor - rest) & (whole % 2 == 1))
    return whole + up, rest != 0


def quality_indexes(given: npt.NDArray[np.int16], default: Ints) -> npt.NDArray[np.int32]:
    """Index into ``QUALITY_WORDS`` of each ESPI code; without one the ReadingType's default counts."""
    code = np.where(given == NO_CODE, default, given)
    index = np.full(len(code), len(QUALITY_WORDS) - 1, np.int32)
    for number, word in codes.QUALITIES.items():
        index[code == number] = QUALITY_WORDS.index(word)
    return index
