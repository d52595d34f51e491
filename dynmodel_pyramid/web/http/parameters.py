"""What every view asks of a request besides its body: its parameters, and who sends it."""

from pyramid.request import Request

from dynmodel_pyramid.errors import Malformed


def no_parameters(request: Request, *known: str) -> dict[str, str]:
    """The query string's parameters, each of which must be known and stand once."""
    given: dict[str, str] = {}
    if not request.query_string:
        # request.GET and the environment refer to one another, so the body of a write would outlive its request until
        # the garbage collector's next full run: 2 MB more for each POST of 5,000 rows, hundreds of MB in all.
        return given
    for name, value in request.GET.items():
        if name not in known:
            hint = f"known are {', '.join(known)}" if known else "there are none here"
            raise Malformed(f"unknown parameter {name!r}", code="unknown_parameter", hint=hint)
        if name in given:
            raise Malformed(f"the parameter {name} stands twice", code="invalid_parameter")
        given[name] = value
    return given


def author_of(request: Request) -> str | None:
    """Who makes a change, as the history tells it."""
    author = request.authenticated_userid
    return None if author is None else str(author)
