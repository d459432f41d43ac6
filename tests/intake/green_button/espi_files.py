"""Small invented ESPI feeds, put together from parts; and a generator of large ones."""

from collections.abc import Iterable
from pathlib import Path

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
JANUARY = 1_704_067_200  # 2024-01-01T00:00:00Z
POINT = "Subscription/1/UsagePoint/1"


def feed(*entries: str, namespace: str = "http://www.w3.org/2005/Atom") -> str:
    return f'{HEAD}<feed xmlns="{namespace}">\n<id>urn:uuid:f</id>\n{"".join(entries)}</feed>\n'


def entry(
    content: str,
    own: str = "",
    up: str = "",
    related: Iterable[str] = (),
    updated: str = "2024-02-01T00:00:00Z",
) -> str:
    links = "".join(
        f'<link rel="{relation}" href="{href}"/>'
        for relation, href in [("self", own), ("up", up), *(("related", one) for one in related)]
        if href
    )
    return f"<entry>{links}<title/>\n<content>{content}</content>\n<updated>{updated}</updated></entry>\n"


def resource(name: str, inner: str = "", namespace: str = "http://naesb.org/espi") -> str:
    return f'<{name} xmlns="{namespace}">{inner}</{name}>'


def fields(**texts: object) -> str:
    return "".join(f"<{name}>{text}</{name}>" for name, text in texts.items())


def usage_point(kind: object = 0, own: str = POINT) -> str:
    inner = f"<ServiceCategory><kind>{kind}</kind></ServiceCategory>"
    return entry(
        resource("UsagePoint", inner),
        own,
        own.rpartition("/")[0],
        [f"{own}/MeterReading", "LocalTimeParameters/1"],
    )


def local_time(offset: int = -28800) -> str:
    inner = fields(dstEndRule="B40E2000", dstOffset=3600, dstStartRule="360E2000", tzOffset=offset)
    return entry(resource("LocalTimeParameters", inner), "LocalTimeParameters/1")


def meter_reading(number: int = 1, reading_type: str = "ReadingType/1", point: str = POINT) -> str:
    own = f"{point}/MeterReading/{number}"
    return entry(
        resource("MeterReading"), own, f"{point}/MeterReading", [f"{own}/IntervalBlock", reading_type]
    )


def reading_type(own: str = "ReadingType/1", **facts: object) -> str:
    known: dict[str, object] = {
        "accumulationBehaviour": 4, "commodity": 1, "currency": 840, "flowDirection": 1, "intervalLength": 900,
        "kind": 12, "powerOfTenMultiplier": 0, "uom": 72,
    }  # fmt: skip
    given = {name: value for name, value in (known | facts).items() if value is not None}
    return entry(resource("ReadingType", fields(**given)), own)


def reading(
    start: object, value: object, seconds: object = 900, cost: object = None, quality: object = None
) -> str:
    inner = "" if cost is None else f"<cost>{cost}</cost>"
    inner += "" if quality is None else f"<ReadingQuality><quality>{quality}</quality></ReadingQuality>"
    inner += (
        f"<timePeriod><duration>{seconds}</duration><start>{start}</start></timePeriod><value>{value}</value>"
    )
    return f"<IntervalReading>{inner}</IntervalReading>\n"


def block(
    *readings: str, start: int = JANUARY, number: int = 1, updated: str = "2024-02-01T00:00:00Z", point: str = POINT,
    meter: int = 1, linked: bool = True,
) -> str:  # fmt: skip
    inner = f"<interval><duration>86400</duration><start>{start}</start></interval>\n{''.join(readings)}"
    up = f"{point}/MeterReading/{meter}/IntervalBlock"
    return entry(
        resource("IntervalBlock", inner),
        f"{up}/{number}" if linked else "",
        up if linked else "",
        updated=updated,
    )


def day(values: Iterable[int], start: int = JANUARY, seconds: int = 900) -> str:
    return "".join(reading(start + number * seconds, value, seconds) for number, value in enumerate(values))


def whole(*blocks: str, kind: object = 0, **facts: object) -> str:
    """A feed with one usage point, one meter reading, one reading type and these blocks."""
    return feed(usage_point(kind), local_time(), meter_reading(), reading_type(**facts), *blocks)


def write(folder: Path, text: str | bytes, name: str = "feed.xml") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def write_large(path: Path, megabytes: float) -> int:
    """Fifteen-minute readings with cost and quality until the file has that size; answers how many."""
    readings, start, number = 0, JANUARY, 0
    with path.open("w", encoding="utf-8") as file:
        file.write(HEAD + '<feed xmlns="http://www.w3.org/2005/Atom">\n' + usage_point() + meter_reading())
        while file.tell() < megabytes * 1e6:
            number += 1
            rows = (
                reading(
                    start + 900 * n,
                    (start // 900 + n) * 31 % 2000,
                    cost=n * 7,
                    quality=8 if n % 5 == 0 else 17,
                )
                for n in range(96)
            )
            file.write(block(*rows, start=start, number=number))
            start += 86_400
            readings += 96
        file.write(reading_type() + "</feed>")
    return readings
