"""Impersonation: an administrator acts as a user, for support. The reason and its rules."""

from collections.abc import Callable

from domain.errors import Invalid

LONGEST_REASON = 200


def acceptable_reason(unsafe_reason: str, plain: Callable[[str], str]) -> str:
    """The reason on one line, without markup (`plain`). Raise Invalid when it is empty or too long."""
    reason = " ".join(plain(" ".join(unsafe_reason.split())).split())
    if not 1 <= len(reason) <= LONGEST_REASON or not reason.isprintable():
        raise Invalid("reason", f"Use 1 to {LONGEST_REASON} characters. The user reads this.")
    return reason
