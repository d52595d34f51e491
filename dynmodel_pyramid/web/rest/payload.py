"""Bodies -> documents of rows, as PostgREST takes them (its "Tables and Views", Insert).

JSON, CSV and forms become documents of the same kind. Typing is lenient: a text is read by the field's text form where
it is no value of the field by itself, and other values stand for their JSON text where the field wants a text. What
comes of it is judged by the row service as strictly as ever.
"""

import io
import json
from collections.abc import Sequence
from typing import Any

import colander

from dynmodel_pyramid.exchange.delimited import read_records
from dynmodel_pyramid.fields.numerals import parse_float
from dynmodel_pyramid.queries import split
from dynmodel_pyramid.rows.reading import parse_id
from dynmodel_pyramid.rows.service import Rows
from dynmodel_pyramid.web.errors import PayloadTooLarge
from dynmodel_pyramid.web.rest.errors import RestError, bad_body
from dynmodel_pyramid.web.rest.media import Digits

JSON, CSV, FORM = "application/json", "text/csv", "application/x-www-form-urlencoded"


def read_documents(request, columns: Sequence[str] | None) -> list[dict[str, Any]]:
    """The rows of a body.

    :param columns: of the parameter; without it all documents must have the same keys
    :raises RestError: the body is none (``PGRST102``)
    """
    text = _text(request)
    kind = (request.content_type or JSON).strip().lower()
    if kind == CSV:
        return _of_csv(text)
    if kind == FORM:
        return [dict(split(text.encode().decode("latin-1")))]
    if kind != JSON:
        raise bad_body(f"Content-Type not acceptable: {kind}")
    try:
        # PostgreSQL's jsonb takes the last of keys that stand twice, and so does this parser.
        body = json.loads(text, parse_float=Digits, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise bad_body("Empty or invalid json") from None
    documents = body if type(body) is list else [body] if type(body) is dict else []
    if not all(type(document) is dict for document in documents) or (
        columns is None and any(document.keys() != documents[0].keys() for document in documents)
    ):
        raise bad_body("All object keys must match")
    return documents


def _text(request) -> str:
    limit = request.registry.dynmodel_settings.max_body_size
    told = PayloadTooLarge(f"the body has more than {limit} bytes", hint="send the rows in several requests")
    if (request.content_length or 0) > limit:
        raise told
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise bad_body("Content-Encoding not acceptable")
    request.request_body_tempfile_limit = limit
    body = request.body
    if len(body) > limit:
        raise told
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise bad_body("Empty or invalid json", f"the body is not UTF-8 (byte {error.start})") from None


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _of_csv(text: str) -> list[dict[str, Any]]:
    """A line of names, then one for each row; ``NULL`` is null, nothing is the empty text (RFC 4180).

    :raises Malformed: it is no CSV
    """
    records = [record for record in read_records(io.BytesIO(text.encode())) if record != [None]]
    if not records:
        raise bad_body("the body is not CSV", "want a line of names")
    names = records[0]
    if any(len(record) != len(names) for record in records):
        raise bad_body("All lines must have same number of fields")
    return [
        {name or "": None if cell == "NULL" else cell or "" for name, cell in zip(names, record, strict=True)}
        for record in records[1:]
    ]


class Typing:
    """Documents with values of the types that the fields of one table have."""

    def __init__(self, rows: Rows, columns: Sequence[str] | None):
        """
        :param columns: read these fields alone
        :raises RestError: one of them is no field
        """
        self._reader, self._model, self._columns = rows.reader, rows.model, columns
        self._names = rows.reader.aliases.names
        for name in columns or ():
            if name != "id" and not self._is_known(name):
                table = rows.model.definition.model_name
                message = f"Could not find the '{name}' column of '{table}' in the schema cache"
                raise RestError(400, "PGRST204", message)

    def _is_known(self, name: str) -> bool:
        name = self._names.get(name, name)
        return name in self._reader.by_name or name in self._reader.given

    def typed(self, document: dict[str, Any]) -> dict[str, Any]:
        """With the keys of ``columns`` alone."""
        kept = document if self._columns is None else {k: v for k, v in document.items() if k in self._columns}
        try:
            return {name: self._value(name, value) for name, value in kept.items()}
        except RecursionError:
            raise bad_body("Empty or invalid json", "the body is nested too deeply") from None

    def filled(self, document: dict[str, Any], *, defaults: bool) -> dict[str, Any]:
        """With what it leaves out of ``columns``: null, or nothing where defaults are wanted."""
        absent = [
            name
            for name in self._columns or ()
            if name not in document and self._names.get(name, name) not in self._reader.given
        ]
        return document if defaults else {**document, **dict.fromkeys(absent)}

    def _value(self, name: str, value: Any) -> Any:
        if name == "id":
            number = parse_id(value.strip()) if isinstance(value, str) else None
            return _plain(value) if number is None else number
        name = self._names.get(name, name)
        entry, field = self._reader.by_name.get(name), self._model.definition.by_name.get(name)
        plain = _plain(value)
        if value is None or entry is None or entry.accepts(plain):
            return plain
        try:
            entry.node.deserialize(plain)
            return plain
        except colander.Invalid:
            text = str(value) if isinstance(value, str) else _json(plain)
            try:
                return self._model.field_types[field.type].text_form(field.options).from_text(text)
            except ValueError:
                return plain  # which is refused in the validator's words


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _plain(value: Any) -> Any:
    """Numbers as floats, at any depth."""
    if type(value) is Digits:
        return parse_float(value)
    if type(value) is dict:
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if type(value) is list else value
