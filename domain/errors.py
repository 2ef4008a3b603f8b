"""The families of errors, without HTTP. Each concrete error sits in its feature's file.

Users read the message, programs read the code.
"""

from typing import ClassVar


class DomainError(Exception):
    code: ClassVar[int]
    message: str

    def __str__(self) -> str:
        return self.message


class Invalid(DomainError):
    """The caller can correct the input."""

    code = 42201
    message = "Please check what you entered."

    def __init__(self, field: str, reason: str) -> None:
        self.fields: dict[str, list[str]] = {field: [reason]}


class NotAuthenticated(DomainError):
    """The client is not known."""


class Forbidden(DomainError):
    """The client is known and lacks the right."""


class NotFound(DomainError):
    """It does not exist, or the caller may not see it: one answer for both."""

    code = 40404
    message = "This doesn't exist, or you don't have access to it."


class Conflict(DomainError):
    """It contradicts what is stored."""


class Gone(DomainError):
    """It was valid once, or never: one answer for both."""


class TooManyAttempts(DomainError):
    """`retry_after` is in whole seconds."""

    code = 42901
    message = "Too many attempts. Please wait a while."

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after


class Unavailable(DomainError):
    """A part that is needed is down or busy. `retry_after` is in whole seconds.

    `reason` is for the operator: it may name hosts, and no client sees it.
    """

    code = 50301
    message = "We're temporarily unavailable. Please try again in a moment."

    def __init__(self, retry_after: int, reason: str = "", message: str = message) -> None:
        self.retry_after, self.reason, self.message = retry_after, reason, message


class Stale(Conflict):
    """It was saved by another unit of work between reading and writing."""

    code = 40901
    message = "This was changed in the meantime. Please reload and try again."


class FieldErrors:
    """Collects the errors of several fields, so that a user can correct all of them at once.

    with field_errors:
        email = normal_email(unsafe_email)
    with field_errors:
        name = acceptable_name(unsafe_name)
    field_errors.raise_any()
    """

    def __init__(self) -> None:
        self.found: Invalid | None = None

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> bool:
        if not isinstance(error, Invalid):
            return False
        if self.found is None:
            self.found = error
        else:
            self.found.fields |= error.fields
        return True

    def raise_any(self) -> None:
        """Raise Invalid with all errors found, or do nothing."""
        if self.found is not None:
            raise self.found
