"""Passwords: the rules for a new one, and the normal form that is hashed."""

import unicodedata
from collections.abc import Callable, Sequence

from domain.errors import Forbidden, Invalid

# NIST SP 800-63B, 5.1.1.2: at least 8 characters, long passphrases allowed, no rules for kinds of characters.
SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 1024
WEAKEST_SCORE = 2  # zxcvbn scores 0 to 4; 2 means more than a million guesses
SHORTEST_REMAINDER = 4  # characters left without the known words
SHORTEST_WORD = 3  # shorter known words occur in too many passwords
PASSWORD_RULES = "At least 8 characters and hard to guess. A few unrelated words work well."

# Takes a password and the words that an attacker knows about its owner. Returns the score, 0 (weak) to 4,
# and a sentence with the reason, which may be "".
PasswordStrength = Callable[[str, Sequence[str]], tuple[int, str]]


class ProofNeeded(Forbidden):
    """The session is valid, but a dangerous change needs a proof, such as the current password."""

    code = 40303
    message = "Enter your password to confirm it's you."


class WrongPassword(ProofNeeded):
    message = "Wrong password."


def normal_password(password: str, field: str = "password") -> str:
    """The form that is hashed. Two keyboards can give different characters: NFKC makes them equal.

    Raise Invalid for NUL, for half of a surrogate pair, and for more than LONGEST_PASSWORD characters.
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
    """The normal form of a new password. Raise Invalid with the reason when it is too weak.

    `field` is its name in the request. `known_words` are the owner's username and email address.
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
    """Whether the password is little more than the known words, or their parts before and after an @."""
    rest = before = password.casefold()
    words = {word.casefold() for known in known_words for word in (known, *known.split("@"))}
    for word in sorted((word for word in words if len(word) >= SHORTEST_WORD), key=len, reverse=True):
        rest = rest.replace(word, " ")
    return rest != before and len("".join(rest.split())) < SHORTEST_REMAINDER
