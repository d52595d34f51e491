"""``POST /table/?from=file``: a table made of the file in the body, or the plan of one."""

from contextlib import closing
from email.message import Message
from pathlib import PurePath
from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.definitions.writing import table_document
from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.exchange.contents import Contents, Note
from dynmodel_pyramid.exchange.dialects import words_of
from dynmodel_pyramid.exchange.inference.names import model_name
from dynmodel_pyramid.exchange.inference.tables import Corrections, guessing
from dynmodel_pyramid.exchange.new_tables import FileTable, Made
from dynmodel_pyramid.fields.types.temporal import zone_names
from dynmodel_pyramid.nesting import loads
from dynmodel_pyramid.web.http.answers import empty_answer, encode, json_answer
from dynmodel_pyramid.web.http.body import (
    body_file,
    media_type_of,
    position_of,
    reading_of,
    refuse_media_type,
)
from dynmodel_pyramid.web.http.clients import refuse_gone
from dynmodel_pyramid.web.http.lenient import Told
from dynmodel_pyramid.web.http.parameters import author_of, no_parameters
from dynmodel_pyramid.web.http.preferences import asks_for_good_rows, preferred_return
from dynmodel_pyramid.web.http.tree import path
from dynmodel_pyramid.web.resources import Tables

#: The parameters besides ``from``.
PARAMETERS = ("name", "plan", "fields", "null", "timezone")
#: The values of ``plan``; ``part``: the body is only the first part of the file.
_PLANS = ("false", "true", "part")


def is_from_file(request: Request) -> bool:
    return "from=" in request.query_string and "from" in request.GET


def create_from_file(context: Tables, request: Request) -> Response:
    parameters = no_parameters(request, "from", *PARAMETERS)
    if parameters["from"] != "file":
        raise _refused("from", f"{parameters['from'][:63]!r} is nothing that a table is made of", "from=file")
    plan = parameters.get("plan", "false")
    if plan not in _PLANS:
        raise _refused("plan", "want true or false, or part for the first part of a file")
    formats = request.registry.dynmodel_formats
    refuse_media_type(request, formats.readable, formats)
    attempt = context.attempt
    format = formats[media_type_of(request)]
    if plan == "part" and not format.is_text:
        raise _refused(
            "plan", f"a part of a file of {format.media_type} can't be read", "plan=true, with the whole file"
        )
    read, position = format.read, lambda: 0
    assert read is not None  # as it is readable

    def contents(note: Note | None) -> Contents:
        nonlocal position
        file = body_file(request)
        position = position_of(file)
        return read(file, reading_of(request, format, note))

    zone = parameters.get("timezone")
    if zone is not None and zone not in zone_names():
        raise _refused("timezone", f"{zone[:63]!r} is no time zone", "want an IANA name, such as Europe/Berlin")
    made = FileTable(
        attempt.catalogue,
        attempt.scopes,
        contents,
        _name(parameters, request),
        guessing(attempt.catalogue.field_types, zone),
        corrections_of(parameters.get("fields"), parameters.get("null")),
        principal=attempt.principal,
        author=author_of(request),
        check=lambda: refuse_gone(request),
        is_part=plan == "part",
    )
    if plan != "false":
        return json_answer(encode(_planned(made)))
    told = {"columns": made.proposal.columns, "told": made.proposal.told}
    if not asks_for_good_rows(request):
        done = made.make(lambda: position())
        attempt.settle()
        return _answer(request, done, encode({**_made(done), **told}))
    with closing(Told()) as refused:
        done = made.make(lambda: position(), refused.take)
        attempt.settle()
        document = encode({**_made(done), **told, "refused_count": done.refused})
        return _answer(request, done, b'%s,"refused":[%s]}' % (document[:-1], b",".join(refused)))


def _planned(made: FileTable) -> dict[str, Any]:
    planned, proposal = made.plan(), made.proposal
    answer = {
        "definition": made.document,
        "rows": proposal.rows,
        "columns": proposal.columns,
        "told": proposal.told,
        **made.rehearse(planned).document(),
    }
    if proposal.broken:
        answer |= {"broken": proposal.broken, "faults": proposal.faults}
    return answer


def _made(done: Made) -> dict[str, Any]:
    return {"definition": table_document(done.outcome.definition), "rows": done.count}


def _answer(request: Request, done: Made, document: bytes) -> Response:
    """:param document: where the client wants one"""
    definition = done.outcome.definition
    preferences = preferred_return(request)
    answer = empty_answer(201) if preferences.is_empty else json_answer(document, 201)
    preferences.tell(answer)
    answer.headers["ETag"] = f'"{definition.version}"'
    answer.headers["Definition-Version"] = str(definition.version)
    answer.headers["Location"] = path(request, "table", definition.id)
    return answer


def _refused(name: str, why: str, hint: str | None = None) -> Malformed:
    return Malformed(f"{name}: {why}", code="invalid_parameter", hint=hint, parameter=name)


def _name(parameters: dict[str, str], request: Request) -> str:
    """The name of the model: the parameter, else that of the file in ``Content-Disposition`` (RFC 6266)."""
    if "name" in parameters:
        return parameters["name"]
    header = Message()
    header["Content-Disposition"] = request.headers.get("Content-Disposition", "")
    name = model_name(PurePath(header.get_filename() or "").name.split(".")[0])
    if name is None:
        raise _refused("name", "the table needs a name", "name=, or Content-Disposition: attachment; filename=")
    return name


def corrections_of(fields: str | None, nulls: str | None) -> Corrections:
    """
    :param fields: a JSON object, as text
    :param nulls: words, with commas between them
    :raises Malformed: naming the parameter
    """
    words = words_of(nulls or "")
    if fields is None:
        return Corrections({}, words)
    try:
        said = loads(fields)
    except ValueError:
        said = None
    if type(said) is not dict or not all(entry is None or type(entry) in (str, dict) for entry in said.values()):
        example = 'fields={"zip": "string", "total": {"type": "currency", "currency": "EUR"}, "notes": null}'
        raise _refused("fields", "want a JSON object of columns and their types", example)
    return Corrections(said, words)
