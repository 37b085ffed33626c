"""Errors that a caller may meet and read."""

from typing import ClassVar


class DomainError(Exception):
    """The request cannot be carried out."""

    # The docstring's first line is the sentence a user reads; `code` is part of the API and is
    # never renamed; `status` is the HTTP status that the outer layers answer with.

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400

    def __init__(self, detail: str | None = None, *, retry_after: int | None = None, **members: object) -> None:
        """`detail` explains this occurrence, `retry_after` is in seconds, `members` are extra
        JSON values of the answer (for example `record` or `addendum`)."""
        super().__init__(detail or self.title())
        self.detail = detail
        self.retry_after = retry_after
        self.members = members

    @classmethod
    def title(cls) -> str:
        """The sentence that says what kind of error this is."""
        return (cls.__doc__ or DomainError.__doc__ or "").strip().splitlines()[0]


class NotFound(DomainError):
    """There is nothing here, or you may not see it."""

    code = "not_found"
    status = 404


class Forbidden(DomainError):
    """You may see this but not do that."""

    code = "forbidden"
    status = 403


class Unauthenticated(DomainError):
    """Say who you are: the key is missing, unknown, expired or revoked."""

    code = "unauthenticated"
    status = 401


class Conflict(DomainError):
    """This contradicts what has happened meanwhile."""

    code = "conflict"
    status = 409


class Invalid(DomainError):
    """The request is well-formed but its content cannot be accepted."""

    code = "invalid"
    status = 422


class Unavailable(DomainError):
    """The service cannot answer just now; try again shortly."""

    code = "unavailable"
    status = 503
