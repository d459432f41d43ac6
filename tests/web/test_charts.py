"""Charts tell the truth: bars start at zero, estimates are hatched, what is missing is blank."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from lamplighter.web import charts
from lamplighter.web.charts import Month
from lamplighter.web.console.usage_view import usage_section
from lamplighter.web.pages import ENVIRONMENT


def drawn(rows: list[Month]) -> str:
    module: Any = ENVIRONMENT.get_template("charts.html").module
    return str(module.months(charts.months(rows, "kWh"), "Power by month", "x"))


def test_a_bar_is_as_high_as_its_quantity_from_zero_on() -> None:
    low, high = charts.months([Month(2026, 9, Decimal(100)), Month(2026, 10, Decimal(200))], "kWh").bars
    assert high.height == pytest.approx(2 * low.height, abs=0.2)
    assert charts.months([Month(2026, 9, Decimal(100))], "kWh").lines[0][1] == "0"


def test_a_missing_month_is_blank_and_said_so() -> None:
    text = drawn([Month(2026, 9, None), Month(2026, 10, Decimal(200))])
    assert "September 2026: no reads" in text
    assert text.count("<path") == 1


def test_an_estimated_share_is_hatched_at_the_top_of_its_bar() -> None:
    text = drawn([Month(2026, 10, Decimal(200), estimated=0.5)])
    assert 'fill="url(#hatch-x)"' in text
    assert "hatch-x)" not in drawn([Month(2026, 10, Decimal(200))])


def test_nothing_of_the_drawing_needs_inline_style() -> None:
    assert "style=" not in drawn([Month(2026, 10, Decimal(200), Decimal(150), 0.2)])


@pytest.mark.parametrize(
    ("largest", "expected"),
    [(0, [0, 1]), (36, [0, 10, 20, 30, 40]), (668, [0, 200, 400, 600, 800]), (0.03, [0, 0.01, 0.02, 0.03])],
)
def test_the_scale_has_round_steps_and_holds_the_largest(largest: float, expected: list[float]) -> None:
    assert charts.steps(largest) == pytest.approx(expected)


class Page:
    service = ""

    def address(self, **changed: Any) -> str:
        return "/x"


def month(name: str, quantity: str, days: int = 30, estimated: float = 0.0) -> dict[str, Any]:
    return {
        "month": name,
        "quantity": quantity,
        "received": "0",
        "days": days,
        "estimated": estimated,
        "measured": True,
    }


def section(*months: dict[str, Any]) -> Any:
    return usage_section(
        [{"service": "electricity", "unit": "kWh", "months": list(months)}], None, Page(), date(2026, 11, 22)
    )


def test_the_title_is_the_finding() -> None:
    assert (
        section(month("2025-10", "500", 31), month("2026-10", "600", 31)).title
        == "20 % more power than last October"
    )
    assert (
        section(month("2025-10", "500", 31), month("2026-10", "400", 31)).title
        == "20 % less power than last October"
    )
    assert section(month("2026-10", "600", 31)).title == "600 kWh of power in October"


def test_a_month_known_in_part_is_never_compared() -> None:
    found = section(month("2025-10", "200", 12), month("2026-10", "600", 31))
    assert found.title == "600 kWh of power in October"
    assert not found.chart.has_before


def test_this_month_stands_in_words_until_it_is_whole() -> None:
    found = section(month("2026-10", "600", 31), month("2026-11", "300", 21))
    assert found.chart.bars[-1].month.month == 10
    assert "November so far: 300 kWh on 21 days" in found.notes


def test_nobody_without_reads_gets_an_empty_chart() -> None:
    assert usage_section([], None, Page(), date(2026, 11, 22)).chart is None
