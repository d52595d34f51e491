"""``POST /table/{id}/rows/plan/``: what the rows of a file would become, and which field each column would go to."""

from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.errors import Faulty, Malformed
from dynmodel_pyramid.exchange.contents import Contents, Note
from dynmodel_pyramid.exchange.headers import name_of_place, plain_name
from dynmodel_pyramid.exchange.inference.tables import guessing, propose
from dynmodel_pyramid.exchange.key_columns import key_columns
from dynmodel_pyramid.exchange.rehearsing import beginning, rehearse
from dynmodel_pyramid.queries import Query
from dynmodel_pyramid.rows.entries import Columns
from dynmodel_pyramid.rows.refused import RawTexts
from dynmodel_pyramid.rows.service import Rows
from dynmodel_pyramid.web.http.answers import encode, json_answer
from dynmodel_pyramid.web.http.body import body_file, media_type_of, refuse_media_type
from dynmodel_pyramid.web.http.clients import refuse_gone
from dynmodel_pyramid.web.http.writing import Write, merging_of
from dynmodel_pyramid.web.resources import RowsPlan
from dynmodel_pyramid.web.rows.face import TABLE
from dynmodel_pyramid.web.rows.writes import contents_of

#: The parameter that says that the body is only the first part of a file.
PART = "_part=true"


def plan_rows(context: RowsPlan, request: Request) -> Response:
    """Judge the rows of a body as POST of ``rows/`` would, and write nothing."""
    parts = [part for part in request.environ.get("QUERY_STRING", "").split("&") if part]
    is_part = PART in parts
    request.environ["QUERY_STRING"] = "&".join(part for part in parts if part != PART)
    write = Write(TABLE, context, request)
    root, query, rows = write.query.root, write.query, write.rows
    if root.filters or root.having or root.order or root.limit is not None or root.offset:
        raise Malformed("a file of rows has no conditions", code="invalid_parameter", hint="known are columns, _part")
    formats = request.registry.dynmodel_formats
    refuse_media_type(request, formats.readable, formats)
    format = formats[media_type_of(request)]
    if is_part and not format.is_text:
        raise Malformed(
            f"_part: {format.media_type} can't be read in parts",
            code="invalid_parameter",
            hint="send the whole file",
            parameter="_part",
        )
    # Whoever may add or merge no row is told so before anything is read.
    permits = rows.permits("create")
    if permits is not None:
        permits.refuse_none()

    def contents(query: Query, note: Note | None = None) -> Contents:
        found = contents_of(request, body_file(request), query, note)
        return beginning(found) if is_part else found

    check = lambda: refuse_gone(request)  # noqa: E731
    proposal = propose(contents(Query()), guessing(context.attempt.catalogue.field_types), check=check)
    shown = ("name", "type", "nulls", "samples")
    columns = [
        {**{key: column[key] for key in shown if key in column}, "field": field}
        for column, field in zip(proposal.columns, _fields(rows, query, proposal.columns), strict=True)
    ]
    answer: dict[str, Any] = {"rows": proposal.rows, "columns": columns, "told": proposal.told}
    with RawTexts() as texts:
        try:
            found = rehearse(
                contents(query, texts.add), rows, Columns(rows, query.columns), texts, check, merging_of(write)
            )
            answer |= found.document()
        except (Malformed, Faulty) as error:
            # The columns that the client is to choose from are known, even if they don't fit yet.
            answer |= {"sample": [], "judged": 0, "refused_count": 0, "refused": []}
            answer["problem"] = {"code": error.code, "detail": error.detail, "hint": error.hint}
    return json_answer(encode(answer))


def _fields(rows: Rows, query: Query, columns: list[dict[str, Any]]) -> list[str | None]:
    """The field that each column of a file goes to; None: it is left out, or the table has none."""
    named, sources = query.columns, dict(query.sources)
    if named is not None:
        by_source = {sources.get(name, name): name for name in named}
        return [by_source.get(name, by_source.get(plain_name(name))) for name in _names(columns)]
    names = [name if rows.exists(name) else plain_name(name) for name in _names(columns)]
    keyed, former = key_columns(rows, names), rows.former_names
    present = [keyed[name].field if name in keyed else former.get(name, name) for name in names]
    return [name if name == "id" or rows.exists(name) else None for name in present]


def _names(columns: list[dict[str, Any]]) -> list[str]:
    return [column["name"] or name_of_place(place) for place, column in enumerate(columns, 1)]
