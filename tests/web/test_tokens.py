"""The colours: dark by device equals dark by choice, every pair that meets on a page can be read."""

import re

import pytest

from lamplighter.web.pages import STATIC

TOKENS = (STATIC / "tokens.css").read_text()
GROUNDS = ("canvas", "surface", "sunken")
TEXT = [
    *((ink, ground) for ink in ("ink", "ink-2", "ink-3", "link", "good", "bad", "amber-ink", "info") for ground in GROUNDS),
    *((name, f"{name}-tint") for name in ("good", "bad", "info")),
    *(("ink", f"{name}-tint") for name in ("good", "bad", "info", "amber")),
    ("amber-ink", "amber-tint"), ("on-amber", "amber"), ("on-amber", "amber-press"),
    ("on-slate", "slate"), ("on-slate", "slate-2"), ("on-slate-2", "slate"), ("on-slate-2", "slate-2"),
    ("on-slate", "slate-line"),
]  # fmt: skip
MARKS = [("line-control", ground) for ground in GROUNDS] + [
    (mark, "surface") for mark in ("chart-now", "chart-then", "chart-good", "chart-bad")
]


def blocks() -> list[dict[str, str]]:
    return [
        dict(re.findall(r"--([\w-]+):\s*([^;]+);", body))
        for body in re.findall(r":root[^{]*\{([^{}]*)\}", TOKENS)
    ]


LIGHT, DEVICE_DARK, CHOSEN_DARK = blocks()


def test_dark_by_the_device_is_dark_by_choice() -> None:
    assert DEVICE_DARK == CHOSEN_DARK
    assert set(DEVICE_DARK) <= set(LIGHT)


@pytest.mark.parametrize("theme", [LIGHT, LIGHT | DEVICE_DARK], ids=["light", "dark"])
def test_text_and_marks_stand_out(theme: dict[str, str]) -> None:
    weak = [
        (fore, back, round(ratio, 2))
        for pairs, least in ((TEXT, 4.5), (MARKS, 3.0))
        for fore, back in pairs
        if (ratio := contrast(theme[fore], theme[back])) < least
    ]
    assert weak == []


def test_no_colour_stands_outside_the_tokens() -> None:
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b", (STATIC / "app.css").read_text()) == []


def contrast(fore: str, back: str) -> float:
    """WCAG 2.2 contrast ratio of two ``#rrggbb``."""
    light, dark = sorted((luminance(fore), luminance(back)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
