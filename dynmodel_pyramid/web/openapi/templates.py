"""The paths of rows, which are alike for all tables: made once for each set of rights, with marks for what differs.

So a table costs a replacement, and not the writing of 15 KB of JSON.
"""

import re
from itertools import chain
from typing import Any

from dynmodel_pyramid.web.http.answers import encode
from dynmodel_pyramid.web.openapi.filters import filter_keys
from dynmodel_pyramid.web.openapi.of_rows import RowSchemas, further_resources, row_resources
from dynmodel_pyramid.web.openapi.operations import reference
from dynmodel_pyramid.web.openapi.paths import Part, Paths, members_of
from dynmodel_pyramid.web.openapi.rows import TableFields, component

#: Templates have only texts of this package, in which these do not occur.
_SEGMENT, _NAME, _TAG, _FILTERS, _LINKS = (f"ZZ{what}ZZ" for what in ("segment", "name", "tag", "filters", "links"))
_WHOLE = {encode(reference("parameters", _FILTERS)): _FILTERS, encode({_LINKS: {}})[1:-1]: _LINKS}
_MARKS = re.compile(b"|".join([*map(re.escape, _WHOLE), *(mark.encode() for mark in (_SEGMENT, _NAME, _TAG))]))


class Templates:
    """Kept for one document: there are as many as tables differ in what the caller may do."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._made: dict[tuple[Any, ...], Part] = {}

    def of(self, table: TableFields, segment: str, links: dict[str, Any], *, further: bool) -> Part:
        """The paths of a table's rows.

        :param segment: the part of addresses that stands for the table
        :param links: from a row to others
        :param further: with those that the description of all tables has once
        """
        formats = self._paths.asked.formats
        needed = {each.format.needs_type for each in formats} - {""}
        types = frozenset(field.type for field in table.definition.fields) & needed
        key = (table.rights.actions, types, further)
        if key not in self._made:
            self._made[key] = self._make(*key)
        template = self._made[key]
        values = {
            _SEGMENT: segment.encode(),
            _NAME: component(table.definition).encode(),
            _TAG: encode(table.definition.model_name)[1:-1],
            _FILTERS: b",".join(encode(reference("parameters", each)) for each in filter_keys(table)),
            _LINKS: members_of(links),
        }

        def value(match: re.Match[bytes]) -> bytes:
            return values[_WHOLE.get(match[0]) or match[0].decode()]

        return Part(_MARKS.sub(value, template.paths), _MARKS.sub(value, template.responses))

    def _make(self, actions: frozenset[str], types: frozenset[str], further: bool) -> Part:
        part, whole, create, replace, patch = (
            reference("schemas", key) for key in (f"{_NAME}.Part", _NAME, *(f"{_NAME}.{form}" for form in _FORMS))
        )
        rows = RowSchemas(part, whole, create, replace, patch, (_FILTERS,), types, {_LINKS: {}})
        formats = self._paths.asked.formats
        resources = chain(row_resources(rows, formats), further_resources(rows, formats) if further else ())
        return self._paths.of_rows(f"/table/{_SEGMENT}/", resources, actions, (), _TAG, f"{_NAME}.")


_FORMS = ("Create", "Replace", "Patch")
