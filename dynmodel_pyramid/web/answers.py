"""The responses of this package."""

from pyramid.response import Response


class Answer(Response):
    """A response whose ``Location`` stays a path (RFC 9110, 10.2.2); WebOb would guess a host before it."""

    def _abs_headerlist(self, environ):
        return self.headerlist


def json_answer(body: bytes, status: int = 200) -> Answer:
    return Answer(body, status=status, content_type="application/json", charset=None)


def empty_answer(status: int = 204) -> Answer:
    return Answer(status=status, content_type=None)
