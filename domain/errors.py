"""The families of what can go wrong, in the product's own words and without HTTP.

Each concrete error sits in its feature's file. People read the message; programs read the code.
"""

from typing import ClassVar


class DomainError(Exception):
    code: ClassVar[int]
    message: str

    def __str__(self) -> str:
        return self.message


class Invalid(DomainError):
    """The caller can mend it by sending something else."""

    code = 42201
    message = "Please correct the marked fields."

    def __init__(self, field: str, reason: str) -> None:
        self.fields: dict[str, list[str]] = {field: [reason]}


class NotAuthenticated(DomainError):
    """We do not know who is asking."""


class Forbidden(DomainError):
    """We know who is asking, and the answer is no."""


class NotFound(DomainError):
    """There is no such thing, or it is not the caller's to see: one answer for both."""

    code = 40404
    message = "There is nothing here, or it is not yours to see."


class Conflict(DomainError):
    """It would contradict what is already there."""


class Gone(DomainError):
    """It was good once, or never: one answer for both."""


class TooManyAttempts(DomainError):
    """`retry_after` is in whole seconds."""

    code = 42901
    message = "Too many attempts. Please wait a while before you try again."

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after


class Unavailable(DomainError):
    """A part we need is down or busy; `retry_after` is in whole seconds."""

    code = 50301
    message = "We are very busy or briefly out of service. Please try again in a moment."

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after


class Stale(Conflict):
    """Somebody else saved it between our reading and our writing."""

    code = 40901
    message = "This was changed by somebody else meanwhile. Please reload and try again."


class Problems:
    """Collects what is wrong with several fields, so that people can mend them in one go.

    with problems:
        email = normal_email(unsafe_email)
    with problems:
        name = acceptable_name(unsafe_name)
    problems.raise_any()
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
        """Raise Invalid with all that was found, or do nothing."""
        if self.found is not None:
            raise self.found
