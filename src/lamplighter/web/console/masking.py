"""Personal values as a role may see them. Whoever may read customers sees who they speak with, not all they hold.

A value is shown whole only on an opened customer and after asking for it, which is recorded with its reason.
"""

import re


def email(value: str) -> str:
    """``rosa@example.org`` → ``r•••@e•••.org``"""
    name, _, domain = value.partition("@")
    host, dot, ending = domain.rpartition(".")
    return f"{name[:1]}•••@{(host or ending)[:1]}•••{dot}{ending if dot else ''}"


def phone(value: str) -> str:
    """``+15035550141`` → ``••• ••41``"""
    digits = re.sub(r"\D", "", value)
    return f"••• ••{digits[-2:]}" if len(digits) > 4 else "••••"


def account(value: str) -> str:
    """``ACC-00412`` → ``••412``: enough to tell two accounts apart."""
    return f"••{value[-4:]}" if len(value) > 5 else value


def name(value: str) -> str:
    """``Rosa Delgado`` → ``R•••• D.``"""
    words = value.split()
    if not words:
        return "••••"
    return f"{words[0][:1]}••••" + (f" {words[-1][:1]}." if len(words) > 1 else "")


def street(value: str) -> str:
    """``418 Alder Street`` → ``4•• Alder Street``"""
    return re.sub(r"^(\d)\d*", r"\1••", value)


def value(kind: str, text: str) -> str:
    """A value of an identifier kind, masked."""
    if kind == "email":
        return email(text)
    if kind in ("phone", "mobile", "sms", "voice"):
        return phone(text)
    return account(text)
