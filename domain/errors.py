"""The families of errors, without HTTP. Each concrete error is in its feature's file.

`message` is for users, `code` is for programs.
"""

from typing import ClassVar


class DomainError(Exception):
    code: ClassVar[int]
    message: str

    def __str__(self) -> str:
        return self.message


class Invalid(DomainError):
    """An input is wrong. The caller can correct it."""

    code = 42201
    message = "Please check what you entered."

    def __init__(self, field: str, reason: str) -> None:
        self.fields: dict[str, list[str]] = {field: [reason]}


class NotAuthenticated(DomainError):
    """The client has no valid credentials."""


class Forbidden(DomainError):
    """The client is known and lacks the permission."""


class NotFound(DomainError):
    """The thing does not exist, or the caller may not see it. Both give the same answer."""

    code = 40404
    message = "This doesn't exist, or you don't have access to it."


class Conflict(DomainError):
    """The change contradicts the stored data."""


class Gone(DomainError):
    """The thing is not valid any more, or never was. Both give the same answer."""


class TooManyAttempts(DomainError):
    """`retry_after` is in whole seconds."""

    code = 42901
    message = "Too many attempts. Please wait a while."

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after


class Unavailable(DomainError):
    """A part of the system is down or busy. `retry_after` is in whole seconds.

    `reason` is for the operator. It may name hosts, so clients do not see it.
    """

    code = 50301
    message = "We're temporarily unavailable. Please try again in a moment."

    def __init__(self, retry_after: int, reason: str = "", message: str = message) -> None:
        self.retry_after, self.reason, self.message = retry_after, reason, message


class Stale(Conflict):
    """Another unit of work has changed the row between reading and writing."""

    code = 40901
    message = "This was changed in the meantime. Please reload and try again."


class FieldErrors:
    """Collects the errors of several fields, so that a user sees all of them together.

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
        """Raise Invalid with all errors, if there are any."""
        if self.found is not None:
            raise self.found
