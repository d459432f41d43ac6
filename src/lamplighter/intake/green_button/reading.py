"""One IntervalReading: from the texts of its elements to a row of numbers, or to a reason why not."""

from decimal import Decimal, InvalidOperation
from xml.parsers.expat import XMLParserType

from lamplighter.intake.green_button.codes import least_sure
from lamplighter.intake.green_button.finding import Findings
from lamplighter.intake.green_button.readings import BATCH, NO_CODE, NO_COST, ReadingBuffer, Rejects

Fields = dict[str, str]
INT64 = 2**63


class ReadingTaker:
    """Appends readings of one block to the buffer. ``take`` runs per reading: keep it short."""

    def __init__(
        self, buffer: ReadingBuffer, rejects: Rejects, findings: Findings, parser: XMLParserType
    ) -> None:
        self.block_start: int | None = None
        self._buffer = buffer
        self._rejects = rejects
        self._findings = findings
        self._parser = parser
        self._first: int | None = None

    def take(self, fields: Fields) -> None:
        """``fields`` are the texts of the reading's leaf elements by local name."""
        try:
            start, seconds, value = int(fields["start"]), int(fields["duration"]), int(fields["value"])
            cost = int(fields["cost"]) if "cost" in fields else NO_COST
            quality = int(fields["quality"]) if "quality" in fields else NO_CODE
            tou = int(fields["tou"]) if "tou" in fields else NO_CODE
            tier = int(fields["consumptionTier"]) if "consumptionTier" in fields else NO_CODE
        except (KeyError, ValueError):
            self._take_with_care(fields)
            return
        self._append(start, seconds, value, cost, quality, tou, tier)

    def _append(
        self, start: int, seconds: int, value: int, cost: int, quality: int, tou: int, tier: int
    ) -> None:
        if not (
            -INT64 < start < INT64 and -INT64 < seconds < INT64 and -INT64 < value < INT64
            and -INT64 <= cost < INT64 and -1 <= quality < 32767 and -1 <= tou < 32767 and -1 <= tier < 32767
        ):  # fmt: skip
            self._refuse(
                "value_out_of_range", "holds a number too large to be real", f"{start} {seconds} {value}"
            )
            return
        if self._first is None:
            self._first = start
        buffer = self._buffer
        buffer.start.append(start)
        buffer.seconds.append(seconds)
        buffer.value.append(value)
        buffer.cost.append(cost)
        buffer.quality.append(quality)
        buffer.tou.append(tou)
        buffer.tier.append(tier)
        buffer.line.append(self._parser.CurrentLineNumber)
        if len(buffer.start) >= BATCH:
            buffer.flush()

    def _take_with_care(self, fields: Fields) -> None:
        """The same for readings that are not plain: a decimal value, empty optional elements, missing parts."""
        texts = {name: text.strip() for name, text in fields.items()}
        raw = ", ".join(f"{name} {text[:100]}" for name, text in texts.items() if text)
        for name in ("start", "duration", "value"):
            if not texts.get(name):
                self._refuse("reading_incomplete", f"has no {name}", raw)
                return
        numbers = [_scaled(texts[name]) for name in ("start", "duration", "value")]
        if None in numbers:
            self._refuse("reading_unreadable", "has a start, duration or value that is not a number", raw)
            return
        (start, start_power), (seconds, seconds_power), (value, power) = (pair for pair in numbers if pair)
        if start_power or seconds_power:
            self._refuse("reading_unreadable", "has a start or duration that is not a whole number", raw)
            return
        before = self._buffer.rows, len(self._buffer.start)
        if power:
            self._buffer.exponents[len(self._buffer.start)] = power
        self._append(
            start, seconds, value, self._cost(texts.get("cost")), self._quality(texts.get("quality")),
            _code(texts.get("tou")), _code(texts.get("consumptionTier")),
        )  # fmt: skip
        if power and (self._buffer.rows, len(self._buffer.start)) == before:
            del self._buffer.exponents[before[1]]

    def _cost(self, text: str | None) -> int:
        if not text:
            return NO_COST
        scaled = _scaled(text)
        if scaled is None or scaled[1]:
            self._findings.add(
                "cost_unreadable", self._line, f"The cost “{text[:40]}” is no whole number; left out."
            )
            return NO_COST
        return scaled[0]

    def _quality(self, text: str | None) -> int:
        if not text:
            return NO_CODE
        codes = [int(part) for part in text.split(",") if part.strip().isdecimal() and len(part.strip()) < 5]
        if not codes:
            self._findings.add(
                "quality_unknown", self._line, f"The quality “{text[:40]}” is no code; taken as none."
            )
            return NO_CODE
        return least_sure(codes)

    @property
    def _line(self) -> int:
        return self._parser.CurrentLineNumber

    def _refuse(self, code: str, words: str, raw: str) -> None:
        self._findings.add(code, self._line, f"An IntervalReading {words}; it was set aside.")
        self._rejects.add(self._line, "IntervalReading", code, f"The reading {words}.", raw)

    def check_block(self, line: int) -> None:
        """At the end of the block: does it begin where it says?"""
        if self.block_start is not None and self._first is not None and self.block_start != self._first:
            self._findings.add(
                "block_start_differs",
                line,
                f"The block says it starts at {self.block_start}, its first reading at {self._first}.",
            )


def _scaled(text: str) -> tuple[int, int] | None:
    """A decimal number as digits × 10^power, exactly; None for anything else."""
    if len(text) > 60:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    if not number.is_finite() or (number and not -18 <= number.adjusted() <= 18):
        return None
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    whole = int("".join(map(str, digits))) if number else 0
    while exponent < 0 and whole % 10 == 0 and whole:
        whole, exponent = whole // 10, exponent + 1
    whole = -whole if sign else whole
    if exponent >= 0 or not whole:
        return whole * 10 ** max(exponent if whole else 0, 0), 0
    return (whole, exponent) if exponent >= -18 else None


def _code(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 5 else NO_CODE
