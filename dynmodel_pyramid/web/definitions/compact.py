"""``/table/{id}/compact/``: the plan and the progress of a compaction, its next steps, and its end."""

from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.changes.compaction import LOCKS, Compaction, Progress
from dynmodel_pyramid.web.definition_resources import TableCompaction
from dynmodel_pyramid.web.http.answers import empty_answer, encode, json_answer
from dynmodel_pyramid.web.http.parameters import author_of, no_parameters

#: Seconds for which a request does steps; the last one is ended.
SECONDS = 5.0


def _compaction(context: TableCompaction) -> Compaction:
    return Compaction(context.attempt.catalogue, principal=context.attempt.principal)


def _document(progress: Progress) -> dict[str, Any]:
    return {
        "phase": progress.phase,
        "dropped": progress.dropped,
        "rows": progress.rows,
        "copied": progress.copied,
        "size": progress.size,
        "begun_at": progress.begun_at,
        "beginnings": progress.beginnings,
        "is_busy": progress.is_busy,
        "obstacles": list(progress.obstacles),
        "locks": [{"mode": mode, "text": text} for mode, text in LOCKS],
    }


def get_compaction(context: TableCompaction, request: Request) -> Response:
    no_parameters(request)
    progress = _compaction(context).progress(context.model.definition.id)
    context.attempt.confirm()
    return json_answer(encode(_document(progress)))


def compact(context: TableCompaction, request: Request) -> Response:
    """200 when it is done; 202 while it is not: the next steps are done by the next request."""
    no_parameters(request)
    progress = _compaction(context).run(context.model.definition.id, SECONDS, author_of(request))
    context.attempt.settle()
    return json_answer(encode(_document(progress)), 200 if progress.is_done else 202)


def cancel_compaction(context: TableCompaction, request: Request) -> Response:
    no_parameters(request)
    _compaction(context).cancel(context.model.definition.id)
    context.attempt.settle()
    return empty_answer(204)
