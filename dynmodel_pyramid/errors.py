"""Domain errors. They know nothing of HTTP; ``web/http/errors.py`` gives each its status.

Every error has a stable ``code`` that clients may rely on (docs/errors.md lists them all), a ``detail`` that names
the culprit and, where there is one, a ``hint`` that names the mend.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from dynmodel_pyramid.hints import Hint


class DynmodelError(Exception):
    """Base of all errors that this package raises for a caller to handle."""

    code = "error"

    def __init__(self, detail: str, *, hint: str | None = None, code: str | None = None, **members: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint
        self.members = members
        if code is not None:
            self.code = code


class ConfigurationProblem(DynmodelError):
    """A setting, a plugin or the host application is not set up as it must be; raised at start."""

    code = "configuration"

    def __str__(self) -> str:
        # It is printed as a traceback on a console, so its text must name the mend.
        return f"{self.detail} ({self.hint})" if self.hint else self.detail


class Malformed(DynmodelError):
    """The request can't be understood: text that is not JSON, an unknown parameter, a malformed header."""

    code = "malformed"


class UnsupportedParameter(DynmodelError):
    """A media type has a parameter, or a value of one, that its format does not understand."""

    code = "unsupported_media_type"


class Unwritable(DynmodelError):
    """Rows do not fit in the format that a client asks for."""

    code = "not_acceptable"


class TooLarge(DynmodelError):
    """A client sent more than it may."""

    code = "payload_too_large"


class Unauthenticated(DynmodelError):
    """The request has no credential where one is needed, or a wrong one."""

    code = "unauthenticated"


class Forbidden(DynmodelError):
    """The caller is known, and may not do that.

    ``every`` has the rows that he may not write, where it is known which ones.
    """

    code = "forbidden"
    every: "Sequence[Problem]" = ()


class TooManyRequests(DynmodelError):
    """The caller has to wait: ``retry_after`` seconds."""

    code = "too_many_requests"

    def __init__(self, detail: str, retry_after: int, *, hint: str | None = None, code: str | None = None) -> None:
        super().__init__(detail, hint=hint, code=code)
        self.retry_after = retry_after


class NotFound(DynmodelError):
    """There is no such table, row or other thing."""

    code = "not_found"


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault in a document: its place (a JSON pointer, RFC 6901), code, message, and what makes its hint."""

    pointer: str
    code: str
    detail: str
    hint: Hint | None = field(default=None, compare=False)
    #: Of a rule of the database: the fields that it is about.
    fields: tuple[str, ...] = field(default=(), compare=False)


class Faulty(DynmodelError):
    """Documents have faults; carries at most ``MAX_PROBLEMS`` problems and their total."""

    MAX_PROBLEMS = 100
    #: The problems that get hints: to compare names takes time.
    MOST_HINTS = 3

    def __init__(self, problems: list[Problem], total: int | None = None, *, hint: str | None = None) -> None:
        self.problems = problems[: self.MAX_PROBLEMS]
        #: All that are known; never shown as a whole.
        self.every: Sequence[Problem] = self.problems
        self.total = len(problems) if total is None else total
        super().__init__(self._summary(problems[0]) + ("" if self.total == 1 else f" (and {self.total - 1} more)"))
        self.hint = hint

    @staticmethod
    def _summary(first: Problem) -> str:
        return f"{first.pointer or 'document'}: {first.detail}"

    def below(self, pointer: str) -> Self:
        """The same faults, where the document stands at that place of another one."""
        problems = [replace(each, pointer=pointer + each.pointer) for each in self.problems]
        return type(self)(problems, self.total, hint=self.hint)

    def hints(self) -> list[str | None]:
        """The hint of each problem."""
        wanting = [each.hint for each in self.problems if each.hint is not None][: self.MOST_HINTS]
        return [None if each.hint is None or each.hint not in wanting else each.hint() for each in self.problems]


class Invalid(Faulty):
    """Well-formed documents break the rules."""

    code = "validation"


class Conflict(DynmodelError):
    """The request contradicts stored data; repeating it does not help."""

    code = "conflict"


class Violation(Faulty, Conflict):
    """The database refuses rows because of a rule of the table: each problem's code ends with ``_violation``."""

    def __init__(self, problems: list[Problem], total: int | None = None, *, hint: str | None = None) -> None:
        super().__init__(problems, total, hint=hint)
        self.code = problems[0].code
        self.members = {"fields": list(problems[0].fields)}

    @staticmethod
    def _summary(first: Problem) -> str:
        return first.detail


class PluginMissing(Conflict):
    """A stored field's type is not installed, or failed to load."""

    code = "field_type_missing"


class ExtraMissing(PluginMissing):
    """A library that a field type needs is not installed; an extra of this package installs it."""

    code = "extra_missing"

    def __init__(self, library: str, extra: str) -> None:
        super().__init__(
            f"the library {library} is not installed", hint=f'pip install "dynmodel_pyramid[{extra}]"', library=library
        )


class OptionUnsupported(Conflict):
    """A stored option of a field is no longer supported. An earlier release accepted it."""

    def __init__(self, option: str, reason: str, code: str, field: str | None = None) -> None:
        of = f" of the field {field!r}" if field is not None else ""
        super().__init__(
            f"no value can be judged by the {option}{of}: {reason}",
            hint=f"change the {option} by PUT or PATCH of the table; the field can be read, and other fields written",
            code=code,
            **({} if field is None else {"field": field}),
        )
        self.option, self.reason = option, reason

    def of(self, field: str) -> "OptionUnsupported":
        """The same, naming the field."""
        return OptionUnsupported(self.option, self.reason, self.code, field)


class PreconditionFailed(DynmodelError):
    """``If-Match`` or a ``version`` names a state that is no longer current; ``current`` holds the current one."""

    code = "precondition_failed"

    def __init__(self, detail: str, current: bytes | None = None) -> None:
        super().__init__(detail, hint="read the current state and try again")
        self.current = current


class Busy(DynmodelError):
    """A lock was not free in time, or the definition changed faster than the request could run."""

    code = "busy"

    def __init__(self, detail: str, retry_after: int = 1) -> None:
        super().__init__(detail, hint="nothing was changed; repeat the request")
        self.retry_after = retry_after


class Unavailable(Busy):
    """The database can't be reached."""

    code = "database_unavailable"


class OutcomeUnknown(DynmodelError):
    """The connection broke at the commit: the change may have been made or not."""

    code = "outcome_unknown"

    def __init__(self) -> None:
        super().__init__(
            "the connection to the database broke while the change was committed",
            hint="look whether the change was made before you repeat the request",
        )
