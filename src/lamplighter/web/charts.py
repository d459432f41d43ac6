"""Charts as plain SVG, computed here and drawn by ``charts.html``.

Marks carry classes, so colours follow the page's tokens, dark mode included, under a CSP without inline
style. Bars start at zero; an estimated share is hatched; a missing month stays blank and is named.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from math import ceil, floor, log10

from lamplighter.web.pages import MONTHS, number

WIDTH, HEIGHT = 404, 196
LEFT, RIGHT, TOP, BOTTOM = 36, 4, 22, 24


@dataclass(frozen=True)
class Month:
    """One month: ``quantity`` and ``before`` (a year earlier) in the chart's unit, ``estimated`` as 0–1."""

    year: int
    month: int
    quantity: Decimal | None
    before: Decimal | None = None
    estimated: float = 0.0
    complete: bool = True

    @property
    def label(self) -> str:
        return MONTHS[self.month - 1]


@dataclass(frozen=True)
class Bar:
    """A bar in pixels: ``hatch`` is the height of its estimated part, on top; None: nothing is known."""

    x: float
    width: float
    centre: float
    month: Month
    is_last: bool
    y: float | None = None
    height: float = 0.0
    hatch: float = 0.0
    before_y: float | None = None


@dataclass(frozen=True)
class Chart:
    """All that the drawing needs, in pixels of a ``WIDTH`` × ``HEIGHT`` view box."""

    unit: str
    bars: list[Bar]
    lines: list[tuple[float, str]]
    base: float
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    year_marks: list[tuple[float, int]] = field(default_factory=list)
    has_before: bool = False
    has_estimates: bool = False

    @property
    def before_label(self) -> Bar | None:
        """The mark that gets the words “a year before”: the last one there is."""
        marked = [bar for bar in self.bars if bar.before_y is not None]
        return marked[-1] if marked else None


def steps(largest: float, about: int = 4) -> list[float]:
    """Round values from zero to at least ``largest``: 1, 2, 2.5 or 5 times a power of ten apart."""
    if largest <= 0:
        return [0.0, 1.0]
    rough = largest / about
    power = 10 ** floor(log10(rough))
    step = next(times * power for times in (1, 2, 2.5, 5, 10) if times * power >= rough * 0.999)
    return [step * n for n in range(ceil(largest / step - 1e-9) + 1)]


def months(rows: list[Month], unit: str) -> Chart:
    """Bars of consecutive months, oldest first, each with a mark of the same month a year before."""
    known = [float(v) for row in rows for v in (row.quantity, row.before) if v is not None]
    grid = steps(max(known, default=0.0))
    base, span = HEIGHT - BOTTOM, HEIGHT - BOTTOM - TOP
    scale = span / grid[-1]
    slot = (WIDTH - LEFT - RIGHT) / max(len(rows), 1)
    width = slot * 0.66
    bars = []
    for place, row in enumerate(rows):
        centre = LEFT + slot * (place + 0.5)
        height = float(row.quantity) * scale if row.quantity is not None else 0.0
        bars.append(
            Bar(
                x=round(centre - width / 2, 1),
                width=round(width, 1),
                centre=round(centre, 1),
                month=row,
                is_last=place == len(rows) - 1,
                y=round(base - height, 1) if row.quantity is not None else None,
                height=round(height, 1),
                hatch=round(height * min(max(row.estimated, 0.0), 1.0), 1),
                before_y=round(base - float(row.before) * scale, 1) if row.before is not None else None,
            )
        )
    marks = [(bar.centre, bar.month.year) for n, bar in enumerate(bars) if n == 0 or bar.month.month == 1]
    return Chart(
        unit=unit,
        bars=bars,
        lines=[(round(base - value * scale, 1), number(value, 2)) for value in grid],
        base=base,
        year_marks=marks,
        has_before=any(bar.before_y is not None for bar in bars),
        has_estimates=any(bar.hatch > 0.5 for bar in bars),
    )
