"""The parameters of a request, and who sends it."""

from collections.abc import Mapping

from pyramid.request import Request

from dynmodel_pyramid.access.identity import Identity
from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.web.http.tree import ATTEMPT


def no_parameters(request: Request, *known: str) -> dict[str, str]:
    """Read the query string's parameters: each must be known, and occur once."""
    parameters: dict[str, str] = {}
    if not request.environ.get("QUERY_STRING"):
        # Not request.GET: it and the environment refer to one another, so a write's body would stay in memory until the
        # garbage collector's next full run: 2 MB for each POST of 5,000 rows, hundreds of MB in all.
        return parameters
    for name, value in request.GET.items():
        if name not in known:
            hint = f"known are {', '.join(known)}" if known else "there are none here"
            raise Malformed(f"unknown parameter {name!r}", code="unknown_parameter", hint=hint)
        if name in parameters:
            raise Malformed(f"the parameter {name} stands twice", code="invalid_parameter")
        parameters[name] = value
    return parameters


def author_of(request: Request) -> str | None:
    """Who makes a change, for the history: the id of the attempt's identity, or what a host application says."""
    identity: Identity = request.environ[ATTEMPT].caller.identity
    if identity.id is not None:
        return identity.id
    author = request.authenticated_userid
    return None if author is None else str(author)


def flag(parameters: Mapping[str, str], name: str) -> bool:
    """The value of a parameter that is ``true`` or ``false``; without it false.

    :raises Malformed: it is something else
    """
    text = parameters.get(name, "false")
    if text not in ("true", "false"):
        raise Malformed(f"{name}={text}: want true or false", code="invalid_parameter", parameter=name)
    return text == "true"
