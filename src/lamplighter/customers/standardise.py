"""Bring names, e-mail addresses, phone numbers and account numbers into one form, a column at a time.

The original stays where it came from; what comes out here is only compared. Each function takes an Arrow
string column and answers one of the same length, null where nothing usable is left.
"""

import re
from functools import lru_cache
from typing import Any, TypeAlias

import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc

Strings: TypeAlias = Any
"""An Arrow array or chunked array of strings."""

_SUFFIXED = r"^(?P<name>.*?)(?:\s+(?P<suffix>jr|sr|ii|iii|iv|junior|senior))?$"
_NOTHING = r"^(0+|9+|x+|1234567890?|n\s*a|none|unknown|null|1|anonymous|test|undefined|object object)$"
_ROLE_BOXES = (
    r"^(info|billing|office|admin|accounts?|contact|support|sales|service|customerservice|mail|"
    r"postmaster|webmaster|no-?e?-?mail|none|unknown|null|anonymous|test|n/?a|(do-?)?no(t-?)?-?reply)@"
)
_PLACEHOLDER = r"^(x+@x+|a@a|test@test|none@none|n@n)\.[a-z.]+$"


def fold(column: Strings) -> pa.Array:
    """Lower case, without accents and punctuation, single spaces: “O’Brien-Núñez ” is “o brien nunez”."""
    text = pc.utf8_normalize(_array(column), form="NFKD")
    text = pc.replace_substring_regex(text, pattern=r"[\p{Mn}'’`]", replacement="")
    text = pc.replace_substring_regex(pc.utf8_lower(text), pattern=r"[^\p{L}\p{N}]+", replacement=" ")
    return _unless(pc.utf8_trim_whitespace(text), r"^$")


def person_names(first: Strings, last: Strings) -> tuple[pa.Array, pa.Array, pa.Array]:
    """(given, family, suffix), folded; the suffix (jr, sr, ii …) tells father from son and is kept apart."""
    given, suffix_of_given = _split_suffix(fold(first))
    family, suffix = _split_suffix(fold(last))
    suffix = pc.coalesce(suffix, suffix_of_given)
    suffix = pc.replace_substring_regex(suffix, pattern="^junior$", replacement="jr")
    suffix = pc.replace_substring_regex(suffix, pattern="^senior$", replacement="sr")
    return _unless(given, _NOTHING), _unless(family, _NOTHING), suffix


def business_names(column: Strings) -> pa.Array:
    """Folded, without the legal form: “Acme, Inc.” and “ACME INC” are one name."""
    name = pc.replace_substring_regex(
        fold(column), pattern=r" (inc|llc|l l c|ltd|co|corp|corporation|company|lp|llp)$", replacement=""
    )
    return _unless(name, _NOTHING)


def emails(column: Strings) -> pa.Array:
    """Trimmed and lower case, dots and tags as typed; null where it is no address at all."""
    text = pc.utf8_lower(pc.utf8_trim_whitespace(_array(column)))
    good = pc.match_substring_regex(text, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]{2,}$")
    text = pc.if_else(good, text, None)
    return _map_distinct(text, pc.invert(pc.string_is_ascii(text)), _with_ascii_domain)


def email_keys(column: Strings) -> pa.Array:
    """What two spellings of one mailbox share: without the ``+tag``, at Gmail without dots; role boxes are null."""
    text = pc.replace_substring_regex(_array(column), pattern=r"\+[^@]*@", replacement="@")
    text = pc.replace_substring_regex(text, pattern=r"@googlemail\.com$", replacement="@gmail.com")
    gmail = pc.fill_null(pc.ends_with(text, "@gmail.com"), False)
    local = pc.replace_substring_regex(text, pattern=r"@gmail\.com$", replacement="")
    undotted = pc.binary_join_element_wise(pc.replace_substring(local, ".", ""), "@gmail.com", "")
    return _unless(_unless(pc.if_else(gmail, undotted, text), _ROLE_BOXES), _PLACEHOLDER)


def phones(column: Strings, region: str = "US") -> pa.Array:
    """E.164 (``+15035550123``); null where it cannot be a number or is a filler such as 999-999-9999.

    North American numbers are read by pattern; whatever else is asked of ``phonenumbers`` once per value.
    """
    text = _array(column)
    digits = pc.replace_substring_regex(text, pattern=r"[\s().\-/]+", replacement="")
    plain = r"^(?:\+?1)?([2-9]\d{2}[2-9]\d{6})$"
    nanp = pc.fill_null(pc.match_substring_regex(digits, pattern=plain), False)
    if region not in ("US", "CA"):
        nanp = pc.and_(nanp, pc.fill_null(pc.starts_with(digits, "+1"), False))
    known = pc.replace_substring_regex(digits, pattern=plain, replacement=r"+1\1")
    other = _map_distinct(text, pc.invert(nanp), lambda value: _phone(value, region))
    filler = r"^\+1?(0+|1+|2+|3+|4+|5+|6+|7+|8+|9+|1?234567890?)$"
    return _unless(pc.if_else(nanp, known, other), filler)


def account_numbers(column: Strings) -> pa.Array:
    """Upper case letters and digits only; null for fillers."""
    text = pc.replace_substring_regex(
        pc.utf8_upper(_array(column)), pattern=r"[^\p{L}\p{N}]+", replacement=""
    )
    return _unless(text, "(?i)" + _NOTHING + "|^$")


def one(function: object, value: str) -> str | None:
    """One value through a column function."""
    return function(pa.array([value], pa.string()))[0].as_py()  # type: ignore[operator, no-any-return]


def _split_suffix(folded: pa.Array) -> tuple[pa.Array, pa.Array]:
    parts = pc.extract_regex(folded, pattern=_SUFFIXED)
    suffix = pc.struct_field(parts, "suffix")
    return _unless(pc.struct_field(parts, "name"), "^$"), _unless(suffix, "^$")


def _unless(text: pa.Array, pattern: str) -> pa.Array:
    return pc.if_else(pc.match_substring_regex(text, pattern=pattern), pa.scalar(None, pa.string()), text)


def _map_distinct(text: pa.Array, where: pa.Array, function: object) -> pa.Array:
    """``function`` once for each distinct value where ``where`` holds; the others stay as they are."""
    odd = pc.unique(text.filter(pc.fill_null(where, False))).drop_null()
    if not len(odd):
        return text
    mapped = pa.array([function(value) for value in odd.to_pylist()], pa.string())  # type: ignore[operator]
    position = pc.index_in(text, value_set=odd)
    return pc.if_else(pc.is_valid(position), mapped.take(position), text)


def _with_ascii_domain(address: str) -> str | None:
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError:
        return address


@lru_cache(maxsize=4096)
def _phone(value: str, region: str) -> str | None:
    if len(re.sub(r"\D", "", value)) < 7:
        return None
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _array(column: Strings) -> pa.Array:
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    return array.cast(pa.string())
