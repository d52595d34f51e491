"""The errors for a query that breaks the grammar, or exceeds its limits."""

from dynmodel_pyramid.errors import Malformed

#: How many characters of a client's text an error repeats.
LONGEST = 100


def clip(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + "..."


class QueryError(Malformed):
    """A query is not understood. The attributes name the place.

    ``parameter`` is the parameter's name, or a JSON pointer into the document of a query; ``part`` says whether the
    fault is in the parameter's ``name`` or in its ``value``; ``position`` is the character in it, counted from 1;
    ``expected`` names what the grammar allows there.
    """

    code = "invalid_query"

    def __init__(
        self,
        detail: str,
        *,
        parameter: str,
        position: int | None = None,
        expected: str | None = None,
        part: str = "value",
        hint: str | None = None,
    ) -> None:
        self.parameter = clip(parameter)
        self.position = position
        self.expected = expected
        self.part = part
        where = f"the name of the parameter {self.parameter!r}" if part == "name" else self.parameter
        place = "" if position is None else f" at character {position}:"
        super().__init__(
            f"{where}:{place} {detail}",
            hint=hint,
            parameter=self.parameter,
            part=part,
            position=position,
            expected=expected,
        )


class QueryTooComplex(QueryError):
    """The query exceeds a limit: it has too many expressions, or is nested too deeply."""

    code = "query_too_complex"
