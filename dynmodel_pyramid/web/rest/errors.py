"""Errors that only PostgREST's face has, with its codes (PostgREST, "Errors")."""

from collections.abc import Sequence

from dynmodel_pyramid.web.http.errors import HttpError


class RestError(HttpError):
    """
    :param code: a code of PostgREST or PostgreSQL
    """

    def __init__(
        self, status: int, code: str, message: str, *, details: str | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint, code=code, details=details)
        self.status = status


def single_object(count: int | str) -> RestError:
    return RestError(
        406,
        "PGRST116",
        "Cannot coerce the result to a single JSON object",
        details=f"The result contains {count} rows",
    )


def not_available(names: list[str], details: str | None = None) -> RestError:
    message = f"None of these media types are available: {', '.join(names)}"
    return RestError(406, "PGRST107", message, details=details)


def unknown_table(name: str, schema: str, near: Sequence[str] = ()) -> RestError:
    """:param near: tables that were probably meant, best first"""
    hint = f"Perhaps you meant the table '{schema}.{near[0]}'" if near else None
    return RestError(404, "PGRST205", f"Could not find the table '{schema}.{name}' in the schema cache", hint=hint)


def unknown_function(name: str, schema: str) -> RestError:
    return RestError(
        404,
        "PGRST202",
        f"Could not find the function {schema}.{name} in the schema cache",
        details=f"Searched for the function {schema}.{name}, but no matches were found in the schema cache.",
    )


def unknown_schema(name: str, schema: str) -> RestError:
    hint = f"Only the following schemas are exposed: {schema}"
    return RestError(406, "PGRST106", f"Invalid schema: {name}", hint=hint)


def out_of_range(details: str, total: int | None = None) -> RestError:
    error = RestError(416, "PGRST103", "Requested range not satisfiable", details=details)
    error.headers = {"Content-Range": f"*/{'*' if total is None else total}"}
    return error


def bad_preferences(names: list[str]) -> RestError:
    details = f"Invalid preferences: {', '.join(names)}"
    return RestError(400, "PGRST122", "Invalid preferences given with handling=strict", details=details)


def bad_body(message: str, details: str | None = None, hint: str | None = None) -> RestError:
    return RestError(400, "PGRST102", message, details=details, hint=hint)


def without_filter(statement: str) -> RestError:
    """The error of the extension pg-safeupdate, which PostgREST's documentation recommends."""
    hint = "give a condition on the table's own fields; id=gt.0 stands for all rows"
    return RestError(400, "21000", f"{statement} requires a WHERE clause", hint=hint)
