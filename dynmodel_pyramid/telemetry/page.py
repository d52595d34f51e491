"""``/metrics``: who may see it, and its answer.

It tells of traffic and, where a setting says so, ids of tables. So it is off unless a setting turns it on; then it
answers programs on the server's own machine, or, where ``dynmodel.metrics_token`` is set, whoever sends that token.
Everybody else meets what he would meet if the page were not there.
"""

import hmac
from collections.abc import Mapping
from typing import Any

from dynmodel_pyramid.errors import ConfigurationProblem
from dynmodel_pyramid.loopback import why_not_local

#: The detail of an answer to whoever sends another token, or none.
WANTED = "send the token of dynmodel.metrics_token: Authorization: Bearer ..."


class MetricsPage:
    """
    :param token: whoever sends it may see the page; empty: programs on this machine may
    :raises ConfigurationProblem: a library is missing
    """

    def __init__(self, token: str = "") -> None:
        try:
            from dynmodel_pyramid.telemetry.exposition import exposed
        except ImportError as error:
            raise ConfigurationProblem(
                "dynmodel.metrics needs prometheus_client", hint="pip install 'dynmodel_pyramid[metrics]'"
            ) from error
        self._exposed = exposed
        self._token = token.encode()

    @property
    def wants_token(self) -> bool:
        return bool(self._token)

    def is_for(self, environ: Mapping[str, Any]) -> bool:
        """Whether the sender of a request may see it."""
        if not self._token:
            return why_not_local(environ) is None
        kind, _, sent = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        # In a time that tells nothing of the token.
        is_right = hmac.compare_digest(sent.strip().encode("utf-8", "surrogateescape"), self._token)
        return kind.lower() == "bearer" and is_right

    def answer(self, accept: str) -> tuple[str, bytes]:
        """Media type and text, in the form that the client asks for. It needs no database."""
        return self._exposed(accept)


#: That of this process, for the server, whose polling thread answers it. The application sets it.
installed: MetricsPage | None = None


def install(page: MetricsPage | None) -> None:
    global installed
    installed = page
