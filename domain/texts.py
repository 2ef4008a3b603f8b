"""Free text that other users see: one line, without markup and control characters."""

import unicodedata
from collections.abc import Callable

from domain.errors import Invalid

# These characters reverse the text around them, so one name could look like another (Unicode TR 36, 2.9).
BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def acceptable_line(
    field: str, unsafe_text: str, longest: int, plain: Callable[[str], str], optional: bool = False
) -> str:
    """The text on one line, without markup (`plain` removes it). An `optional` text may be empty.

    Raise Invalid when it is too long, has no visible character, or has a control character.
    """
    one_line = " ".join(unsafe_text.split())
    if any(unicodedata.category(letter) == "Cc" or letter in BIDI_CONTROLS for letter in one_line):
        raise Invalid(field, f"This {field.replace('_', ' ')} contains an invalid character.")
    text = unicodedata.normalize("NFC", " ".join(plain(one_line).split()))
    if optional and not text:
        return ""
    if not 1 <= len(text) <= longest:
        raise Invalid(field, f"Use {'at most' if optional else '1 to'} {longest} characters.")
    if not any(unicodedata.category(letter)[0] in "LNPS" for letter in text):
        raise Invalid(field, "Use at least one visible character.")
    return text
