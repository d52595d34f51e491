"""``/batch/``: operations on rows of several tables, and new tables, in one transaction; ``/batch/plan/``."""

from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.web.http.answers import empty_answer, json_answer
from dynmodel_pyramid.web.http.body import read_json
from dynmodel_pyramid.web.http.parameters import no_parameters
from dynmodel_pyramid.web.http.preferences import RETURNS, PreferenceRules
from dynmodel_pyramid.web.resources import Batch, BatchPlan
from dynmodel_pyramid.web.rows.face import refuse_preferences
from dynmodel_pyramid.web.service.running import Done, Running

PREFERENCES = PreferenceRules(
    known={"return": RETURNS, "handling": ("strict", "lenient"), "tx": ("commit", "rollback")},
    heeded={"POST": ("return", "handling", "tx")},
    refuse=refuse_preferences,
)


def run_batch(context: Batch, request: Request) -> Response:
    no_parameters(request)
    preferences = PREFERENCES.read(request)
    form = preferences["return"] or "representation"
    running = Running(context, request, read_json(request), shows_rows=form == "representation")
    body = running.run(is_undone=preferences["tx"] == "rollback", write=lambda done: done.result())
    answer = empty_answer(204)
    if form != "headers-only":
        answer = json_answer(b"")
        body.answer(answer)
    preferences.tell(answer)
    answer.headers["Definitions-Revision"] = str(running.revision)
    return answer


def plan_batch(context: BatchPlan, request: Request) -> Response:
    """What a batch with this body would do: it runs, and is undone."""
    no_parameters(request)
    running = Running(context, request, read_json(request), shows_rows=False)
    body = running.run(is_undone=True, write=Done.plan)
    answer = json_answer(b"")
    body.answer(answer)
    return answer
