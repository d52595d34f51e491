"""Saved views: ``/table/{id}/view/``, ``/table/{id}/view/{name}/`` and the rows that they show.

Whoever may see a table may keep views of its own. Shared views are made and changed by whoever may write definitions,
and seen by whoever could ask for their rows.
"""

import zlib
from typing import Any

import sqlalchemy as sa
from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.errors import DynmodelError, NotFound, PreconditionFailed
from dynmodel_pyramid.queries import Query, Rules, split
from dynmodel_pyramid.queries.grammar.parameters import as_sent
from dynmodel_pyramid.rows.querying import queried, rules_of
from dynmodel_pyramid.rows.saved_views import SavedView, SavedViews, read_view
from dynmodel_pyramid.web.http.answers import empty_answer, encode, json_answer
from dynmodel_pyramid.web.http.body import read_json, refuse_body
from dynmodel_pyramid.web.http.conditions import if_match, is_unchanged
from dynmodel_pyramid.web.http.parameters import author_of, no_parameters
from dynmodel_pyramid.web.http.transactions import read_connection, write_connection
from dynmodel_pyramid.web.http.tree import path
from dynmodel_pyramid.web.resources import RowList, ViewResource, ViewRows, Views
from dynmodel_pyramid.web.rows.face import read_query
from dynmodel_pyramid.web.rows.lists import list_of, named_format

#: Parameters that a request for a view's rows gives instead of the view's own.
_INSTEAD = frozenset({"select", "order", "limit", "having", "_search"})
#: The owner of views in open mode, where nobody says who he is.
_NOBODY = "open"


class _Views:
    """The views of a table as a caller may see them."""

    def __init__(self, context: RowList) -> None:
        self.context, self.attempt = context, context.attempt
        identity = self.attempt.caller.identity
        self.owner = _NOBODY if identity.kind == "open" else identity.id
        self.store = SavedViews(self.attempt.database.system, context.model.definition.id, self.owner)
        self._rows = context.rows

    def document(self, view: SavedView) -> dict[str, Any] | None:
        """None: the view does not exist for the caller, because it could not ask for its rows.

        The definition could tell of itself what an own view, and one that has lost a field, may name.
        """
        rules = rules_of(self.attempt.catalogue)
        text = view.query_of(self.context.model.definition, self._exists, rules)
        problem = None
        try:
            self.read(text)
        except DynmodelError as error:
            if view.is_shared and not self.attempt.scopes.are_whole:
                return None
            problem = {"code": error.code, "detail": error.detail}
        return view.document(self.context.model.definition, self._exists, text, problem)

    def _exists(self, name: str) -> bool:
        return self._rows.knows(name, "read")

    def read(self, text: str) -> Query:
        """The query of a text, if the caller may ask it.

        :raises DynmodelError: it may not, or the query is malformed
        """
        sent = as_sent(text)

        def read(rules: Rules) -> Query:
            return read_query(self.context, sent, rules)

        return queried(self._rows, "text", sent, read).plan.query

    def refuse_writing(self, *views: SavedView) -> None:
        """:raises DynmodelError: the caller may not write one of the views, as it was or will be"""
        caller = self.attempt.caller
        if self.owner is None or caller.identity.narrowing.read_only:
            raise caller.refused("save views")
        if any(view.is_shared for view in views) and caller.definitions != "write":
            raise caller.refused("write shared views: whoever may write definitions may")

    def one(self, connection: sa.Connection, name: str, *, to_write: bool = False) -> tuple[SavedView, dict[str, Any]]:
        """:raises NotFound: it does not exist for the caller"""
        view = self.store.get(connection, name, to_write=to_write)
        document = None if view is None else self.document(view)
        if view is None or document is None:
            raise NotFound(f"there is no view {name!r:.100}")
        return view, document


def list_views(context: Views, request: Request) -> Response:
    no_parameters(request)
    views = _Views(context)
    documents = map(views.document, views.store.all(read_connection(request)))
    return json_answer(encode([document for document in documents if document is not None]))


def get_view(context: ViewResource, request: Request) -> Response:
    no_parameters(request)
    _, document = _Views(context).one(read_connection(request), context.view_name)
    return _answer(request, document)


def _answer(request: Request, document: dict[str, Any], status: int = 200) -> Response:
    body = encode(document)
    # The same version is shown otherwise after a rename, and to somebody else.
    tag = f"{document['version']}-{zlib.crc32(body):08x}"
    is_same = request.method in ("GET", "HEAD") and is_unchanged(request, tag)
    answer = empty_answer(304) if is_same else json_answer(body, status)
    answer.headers["ETag"] = f'"{tag}"'
    return answer


def create_view(context: Views, request: Request) -> Response:
    no_parameters(request)
    document = read_json(request)
    views = _Views(context)
    views.refuse_writing()
    new = SavedView("", author=author_of(request))
    view = read_view(document, new, views.owner or "", context.model.definition, views.read)
    views.refuse_writing(view)
    saved = views.store.save(write_connection(request), view)
    shown = views.document(saved)
    assert shown is not None  # the caller may ask for its rows, as read_view has found
    answer = _answer(request, shown, 201)
    answer.headers["Location"] = path(request, "table", context.model.definition.id, "view", saved.name)
    return answer


def put_view(context: ViewResource, request: Request) -> Response:
    no_parameters(request)
    document = read_json(request)
    views = _Views(context)
    views.refuse_writing()
    connection = write_connection(request)
    before, shown = views.one(connection, context.view_name, to_write=True)
    _refuse_other_version(request, document, before)
    view = read_view(document, before, views.owner or "", context.model.definition, views.read)
    views.refuse_writing(before, view)
    after = views.document(view)
    assert after is not None  # the caller may ask for its rows, as read_view has found
    if after != shown:
        after = {**after, "version": views.store.save(connection, view).version}
    return _answer(request, after)


def delete_view(context: ViewResource, request: Request) -> Response:
    no_parameters(request)
    refuse_body(request)
    views = _Views(context)
    views.refuse_writing()
    connection = write_connection(request)
    view, _ = views.one(connection, context.view_name, to_write=True)
    _refuse_other_version(request, {}, view)
    views.refuse_writing(view)
    views.store.delete(connection, view)
    return empty_answer(204)


def _refuse_other_version(request: Request, document: Any, view: SavedView) -> None:
    """``If-Match`` compares versions: the second part of a tag is for caches."""
    matches = if_match(request)
    version = document.get("version") if type(document) is dict else None
    tag = request.headers.get("If-Match", "").strip()
    tags = {part.strip().strip('"').partition("-")[0] for part in tag.split(",")}
    is_other = matches is not None and tag != "*" and str(view.version) not in tags
    if is_other or (version is not None and version != view.version):
        raise PreconditionFailed(f"the current version of the view is {view.version}")


def list_rows(context: ViewRows, request: Request) -> Response:
    """The rows of a view; the request may ask for a part of them, or for more conditions."""
    views = _Views(context)
    with context.attempt.database.reading() as connection:  # the list has a transaction of its own
        _, document = views.one(connection, context.view_name)
    whole = request.environ.get("QUERY_STRING", "")
    named, sent = named_format(request, whole)
    given = {name for name, _ in split(sent)}
    own = [
        part
        for part in as_sent(document["query"]).split("&")
        if not {name for name, _ in split(part)} & given & _INSTEAD
    ]
    text = "&".join(part for part in (*own, sent) if part)
    results = queried(context.rows, "text", text, lambda rules: read_query(context, text, rules))
    return list_of(context, request, results, whole, named)
