"""CSV that a spreadsheet shows and never runs."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def cell(value: object) -> str:
    """One value, quoted where needed; text that a spreadsheet would take for a formula starts with an apostrophe."""
    text = "" if value is None else str(value)
    if text.startswith(FORMULA) and not _is_number(text):
        text = f"'{text}"
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\n\r;') else text


def line(*values: object) -> str:
    """One row, RFC 4180."""
    return ",".join(cell(value) for value in values) + "\r\n"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
