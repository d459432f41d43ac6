"""Data health as sentences: facts in, words out. Rules rank what needs a person; nothing here reads a database."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lamplighter.web.pages import ago, counted, number, plural, spoken

REASONS = {
    "unknown_meter": "Meter not known",
    "ambiguous_meter": "Two sources have that meter",
    "unknown_reference": "Names a row that is not there",
    "missing_value": "A required value is empty",
    "bad_value": "A value cannot be read",
    "bad_date": "Not a date",
    "bad_number": "Not a number",
    "bad_time": "Not a time",
    "duplicate_key": "The same key twice",
    "unknown_code": "A code that is not known",
    "no_unit": "No unit",
    "missing_columns": "Columns are missing",
    "unreadable": "The file cannot be read",
}


@dataclass(frozen=True)
class SourceFact:
    """One source as it stands. ``usual`` is the time between its last batches, where there were three or more."""

    name: str
    plugin: str
    newest: datetime | None
    rows: int
    set_aside: int
    reasons: dict[str, int] = field(default_factory=dict)
    usual: timedelta | None = None
    is_stored_only: bool = False

    def late_by(self, now: datetime) -> timedelta | None:
        """How much later than usual it is, once that is a quarter of the usual time and an hour."""
        if self.newest is None or self.usual is None:
            return None
        over = now - self.newest - self.usual
        return over if over > max(self.usual / 4, timedelta(hours=1)) else None


@dataclass(frozen=True)
class Need:
    """One thing that needs a person: what is so, what it means, one way on."""

    weight: int
    tone: str
    icon: str
    title: str
    words: str
    meta: str = ""
    action: str = ""
    href: str = ""


def reason(code: str) -> str:
    """A reason's code as words."""
    return REASONS.get(code, spoken(code).capitalize())


def lasting(span: timedelta) -> str:
    """``3 h``, ``2 days``."""
    hours = span.total_seconds() / 3600
    return f"{round(hours)} h" if hours < 48 else f"{round(hours / 24)} days"


def needs(facts: Sequence[SourceFact], now: datetime, *, can_write: bool = True) -> list[Need]:
    """What needs a person, worst first: rows set aside by their number, then lateness."""
    found = []
    for fact in facts:
        late = fact.late_by(now)
        href = f"/console/health/{fact.name}"
        if fact.set_aside:
            ranked = sorted(fact.reasons.items(), key=lambda item: -item[1])
            told = ", ".join(f"{reason(code).lower()} ({number(count)})" for code, count in ranked[:3])
            title = f"{fact.name}: {plural(fact.set_aside, 'row')} set aside"
            if late:
                title = f"{fact.name}: {lasting(late)} late, {plural(fact.set_aside, 'row')} set aside"
            share = fact.set_aside / max(fact.set_aside + fact.rows, 1)
            words = f"Why: {told}." if told else ""
            words += " They are kept as they came and can be tried again once the cause is gone."
            found.append(
                Need(
                    1000 + int(share * 1000),
                    "bad" if share > 0.05 else "warn",
                    "warning" if share > 0.05 else "pulse",
                    title,
                    words.strip(),
                    f"{plural(fact.rows, 'row')} landed · newest {ago(fact.newest, now)}",
                    "See the rows",
                    f"{href}#aside",
                )
            )
        elif late:
            assert fact.usual is not None
            found.append(
                Need(
                    500,
                    "warn",
                    "clock",
                    f"{fact.name}: {lasting(late)} late",
                    f"It usually comes every {lasting(fact.usual)}; the last batch came {ago(fact.newest, now)}.",
                    f"{plural(fact.rows, 'row')} landed",
                    "See the batches",
                    f"{href}#batches",
                )
            )
    return sorted(found, key=lambda need: (-need.weight, need.title))


def in_words(fact: SourceFact, now: datetime) -> str:
    """One source in half a sentence."""
    if fact.newest is None:
        return "nothing has landed yet"
    late = fact.late_by(now)
    words = f"{lasting(late)} late" if late else f"came {ago(fact.newest, now)}"
    if fact.set_aside:
        words += f", {plural(fact.set_aside, 'row')} set aside"
    return words


def title(facts: Sequence[SourceFact], now: datetime) -> str:
    """The finding of the page, as its heading."""
    if not facts:
        return "No data has come in yet"
    in_need = len({need.href.partition("#")[0] for need in needs(facts, now)})
    fine = len(facts) - in_need
    if not in_need:
        return f"{counted(fine)} source{'s are' if fine != 1 else ' is'} fine"
    needing = f"{counted(in_need)} source{'s need' if in_need != 1 else ' needs'} a person"
    if not fine:
        return f"{needing}."
    return f"{needing}. {counted(fine)} {'are' if fine != 1 else 'is'} fine."


def lead(facts: Sequence[SourceFact], now: datetime) -> str:
    """One line under the heading."""
    if not facts:
        return "Data enters by landing files; this page then says how fresh and how clean it is."
    if not needs(facts, now):
        return "Everything came on time and every row stands in the warehouse."
    return "Nothing is lost: what was refused is kept with its reason and can be tried again."


def fine(facts: Sequence[SourceFact], now: datetime) -> list[str]:
    """What is fine, said aloud, so that silence is believed."""
    if not facts:
        return []
    on_time = [fact for fact in facts if fact.late_by(now) is None]
    clean = [fact for fact in facts if not fact.set_aside]
    said = []
    if on_time:
        said.append(f"{len(on_time)} of {plural(len(facts), 'source')} on time")
    if clean:
        said.append(f"{len(clean)} of {plural(len(facts), 'source')} with every row accepted")
    return said
