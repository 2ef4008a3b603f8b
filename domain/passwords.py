"""Passwords: what is accepted, and the form that is hashed."""

import unicodedata
from collections.abc import Callable, Sequence

from domain.errors import Forbidden, Invalid

# NIST SP 800-63B, 5.1.1.2: at least 8; long passphrases welcome; no rules about kinds of characters.
SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 1024
WEAKEST_SCORE = 2  # of zxcvbn's 0 to 4: 2 means more than a million guesses
LEAST_OF_ITS_OWN = 4  # characters that remain without the owner's own words
SHORTEST_WORD = 3  # shorter words of the owner's occur in too many passwords
PASSWORD_RULES = "At least 8 characters and hard to guess. A few unrelated words work well."

# How hard a password is to guess, 0 to 4, for an attacker that knows these words about its owner,
# and a sentence that says why ("" when there is none).
PasswordStrength = Callable[[str, Sequence[str]], tuple[int, str]]


class WrongPassword(Forbidden):
    """The session is valid, but the current password was not proven."""

    code = 40303
    message = "Wrong password."


def normal_password(password: str, field: str = "password") -> str:
    """The form that is hashed: the same password typed on two keyboards gives the same bytes.

    Raise Invalid for characters that no keyboard types, and for more than LONGEST_PASSWORD characters.
    """
    try:
        password.encode()
    except UnicodeEncodeError:  # a lone surrogate
        raise Invalid(field, "This password contains an invalid character.") from None
    if "\0" in password:
        raise Invalid(field, "This password contains an invalid character.")
    normal = unicodedata.normalize("NFKC", password)
    if len(normal) > LONGEST_PASSWORD:
        raise Invalid(field, f"Use at most {LONGEST_PASSWORD} characters.")
    return normal


def acceptable_password(
    password: str, known_words: Sequence[str], strength: PasswordStrength, field: str = "password"
) -> str:
    """The normal form of a new password. Raise Invalid with the reason.

    `field` is its name in the request. `known_words` are what an attacker knows of its owner: the username,
    the email address.
    """
    normal = normal_password(password, field)
    if len(normal) < SHORTEST_PASSWORD:
        raise Invalid(field, f"Use at least {SHORTEST_PASSWORD} characters.")
    if _is_made_of(normal, known_words):
        raise Invalid(
            field, "This password is too easy to guess. It's made of your username or email address."
        )
    score, reason = strength(normal, known_words)
    if score < WEAKEST_SCORE:
        raise Invalid(field, f"This password is too easy to guess. {reason or 'Add a few unrelated words.'}")
    return normal


def _is_made_of(password: str, known_words: Sequence[str]) -> bool:
    """Whether it consists of those words and their parts around an @, and next to nothing else."""
    rest = before = password.casefold()
    words = {word.casefold() for known in known_words for word in (known, *known.split("@"))}
    for word in sorted((word for word in words if len(word) >= SHORTEST_WORD), key=len, reverse=True):
        rest = rest.replace(word, " ")
    return rest != before and len("".join(rest.split())) < LEAST_OF_ITS_OWN
