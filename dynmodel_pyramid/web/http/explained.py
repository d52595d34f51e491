"""Execution plans instead of rows, for administrators where the deployment allows it (PostgREST, "Execution plan").

A plan shows SQL, names of columns, and values of conditions, also those of access rules.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import orjson
from pyramid.request import Request

from dynmodel_pyramid.database.dialect import EXPLAIN_OPTIONS
from dynmodel_pyramid.errors import Conflict, Malformed
from dynmodel_pyramid.rows.querying import Queried
from dynmodel_pyramid.web.http.answers import Answer
from dynmodel_pyramid.web.http.conditions import media_ranges
from dynmodel_pyramid.web.http.errors import NotAcceptable
from dynmodel_pyramid.web.http.ranges import Part
from dynmodel_pyramid.web.http.transactions import read_connection

PLAN = "application/vnd.pgrst.plan"
#: The media types of plans; the first and the last one are text.
PLANS = (PLAN, f"{PLAN}+json", f"{PLAN}+text")


@dataclass(frozen=True, slots=True)
class Explanation:
    """The kind of plan that a client asks for.

    :param form: ``json`` or ``text``
    :param of: the media type of the explained answer; the statement is the same for all
    :param options: options of EXPLAIN, from :data:`EXPLAIN_OPTIONS`
    """

    form: str
    of: str
    options: tuple[str, ...]

    @property
    def media_type(self) -> str:
        options = f"; options={'|'.join(self.options)}" if self.options else ""
        return f'{PLAN}+{self.form}; for="{self.of}"{options}; charset=utf-8'

    def answer(self, request: Request, results: Queried, part: Part) -> Answer:
        """The plan of a page's statement.

        :raises Conflict: the database doesn't know an option
        """
        database = request.context.attempt.database
        unknown = [option for option in self.options if option not in database.dialect.explain_options]
        if unknown:
            raise Conflict(
                f"this database explains without options; it has no {', '.join(unknown)}",
                code="unsupported_by_database",
                hint=f"send Accept: {PLAN}+{self.form}",
            )
        connection = read_connection(request)
        database.dialect.bound_statements(connection, request.registry.dynmodel_settings.statement_timeout)
        plan = results.explain(connection, part.limit, part.offset, self.form, self.options)
        answer = Answer(orjson.dumps(plan) if self.form == "json" else plan.encode())
        answer.headers["Content-Type"] = self.media_type
        answer.vary = "Accept"
        return answer


def explanation(name: str, parameters: Mapping[str, str], known: Collection[str]) -> Explanation:
    """The explanation that a media type of plans asks for.

    :param known: the media types that can be explained
    :raises NotAcceptable: ``for`` names another type
    :raises Malformed: an option is unknown, or needs another one
    """
    form = "json" if name == PLANS[1] else "text"
    of = parameters.get("for", "application/json").lower()
    if of not in known:
        raise NotAcceptable(f"None of these media types are available: {of}", hint='send for="application/json"')
    options = {option.strip().lower() for option in parameters.get("options", "").split("|")} - {""}
    unknown = sorted(options.difference(EXPLAIN_OPTIONS))
    if unknown:
        raise Malformed(
            f"Accept: a plan has no option {unknown[0]!r}",
            code="invalid_parameter",
            hint=f"options are {', '.join(EXPLAIN_OPTIONS)}",
        )
    if "wal" in options and "analyze" not in options:
        raise Malformed(
            "Accept: the option 'wal' of a plan wants 'analyze'",
            code="invalid_parameter",
            hint="send options=analyze|wal",
        )
    return Explanation(form, of, tuple(option for option in EXPLAIN_OPTIONS if option in options))


def may_explain(request: Request) -> bool:
    """Whether the deployment allows execution plans, and the caller may see whole tables, whose sizes plans tell."""
    return bool(request.registry.dynmodel_settings.plan_enabled and request.context.attempt.caller.is_admin)


def asked_for(request: Request, offers: tuple[str, ...]) -> Explanation | None:
    """The plan that ``Accept`` names before any rows; None if rows are wanted, or plans are not enabled.

    :param offers: the media types of rows
    """
    if not may_explain(request):
        return None
    for name, parameters in media_ranges(request.environ.get("HTTP_ACCEPT", "")):
        if name in PLANS:
            return explanation(name, parameters, offers)
        if name in offers or name in ("*/*", "application/*", "text/*"):
            return None
    return None
