"""A UsageSummary as a bill, where it has what makes one: a billing period and an amount.

Amounts are hundred-thousandths of the currency. The account is not in a usage feed (the standard keeps persons
out of it); only a customer feed that lies beside it can say whose bill it is.
"""

from datetime import date, timedelta
from decimal import Decimal

from lamplighter.intake.green_button import codes
from lamplighter.intake.green_button.graph import UsagePoint
from lamplighter.intake.green_button.local_time import local_time_of
from lamplighter.intake.green_button.readings import LATEST_START, LONGEST
from lamplighter.intake.green_button.resource import MILLISECONDS, Entry

_CENTS = Decimal("0.00001")
Row = dict[str, str | None]


def bill_of(summary: Entry, point: UsagePoint) -> Row | None:
    """A row of ``bill`` without its account; None where period or amount is missing."""
    start, seconds = summary.whole("billingPeriod/start"), summary.whole("billingPeriod/duration")
    amount = summary.whole("billLastPeriod")
    if start is None or not seconds or amount is None:
        return None
    start = start // 1000 if start > MILLISECONDS else start
    if not 0 <= start <= LATEST_START or not 0 < seconds <= LONGEST or abs(amount) >= 10**18:
        return None
    clock = local_time_of(point.local_time)
    first = clock.day(start)
    quantity, unit = _quantity(summary)
    return {
        "bill_id": f"{point.id}/bill/{first.isoformat()}",
        "period_start": first.isoformat(),
        "period_end": _end(first, clock.day(start + seconds)).isoformat(),
        "amount": _money(amount),
        "currency": codes.currency_name(summary.whole("currency")),
        "quantity": quantity,
        "unit": unit,
        "commodity": codes.SERVICE_COMMODITIES.get(-1 if point.service_kind is None else point.service_kind),
        "status": "issued",
        "is_estimated": "true"
        if codes.QUALITIES.get(summary.whole("qualityOfReading") or 0) == "estimated"
        else None,
        "usage_point_id": point.id,
        "tariff": summary.word("tariffProfile"),
        "bill_to_date": _money(summary.whole("billToDate")),
        "cost_additional": _money(summary.whole("costAdditionalLastPeriod")),
    }


def _end(first: date, end: date) -> date:
    """A period of less than a day still has one."""
    return end if end > first else first + timedelta(days=1)


def _money(amount: int | None) -> str | None:
    return None if amount is None else f"{Decimal(amount) * _CENTS:.4f}"


def _quantity(summary: Entry) -> tuple[str | None, str | None]:
    value = summary.whole("overallConsumptionLastPeriod/value")
    unit = codes.UNITS.get(summary.whole("overallConsumptionLastPeriod/uom") or -1)
    power = summary.whole("overallConsumptionLastPeriod/powerOfTenMultiplier") or 0
    if value is None or unit is None or not -18 <= power <= 18:
        return None, None
    quantity = Decimal(value).scaleb(power + unit.shift)
    return (f"{quantity:.6f}", unit.stored) if abs(quantity) < 10**12 else (None, None)
