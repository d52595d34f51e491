"""What is raised for a query that is out of the grammar, or too much of it."""

from dynmodel_pyramid.errors import Malformed

#: Characters of a client's text that an error repeats.
LONGEST = 100


def clip(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + "..."


class QueryError(Malformed):
    """A query is not understood. Its members name the place.

    ``parameter`` is the parameter's name, or a JSON pointer into the document of a query; ``part`` tells whether the
    fault is in the parameter's ``name`` or in its ``value``; ``position`` is the character in it, counted from 1;
    ``expected`` is what could have stood there.
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
    """A guard refuses the query: too many expressions, or nested too deeply."""

    code = "query_too_complex"
