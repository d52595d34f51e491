"""Strict colander types for JSON's own types.

colander's stock types are made for forms: ``Integer`` takes ``1.9`` and ``True``, ``Boolean`` reads ``"banana"`` as
true, ``String`` turns ``""`` into a missing value. These accept only JSON values of exactly their type.
"""

import math
import re
from collections.abc import Callable
from typing import Any

import colander

from dynmodel_pyramid.fields.contract import FieldInvalid
from dynmodel_pyramid.fields.numerals import UNSURE, Rounded, float_of_whole, whole

#: Raises :class:`colander.Invalid` for a bad value.
Validator = Callable[[colander.SchemaNode, Any], None]
#: Whether a JSON value is certainly one that the validator would accept and return unchanged.
FastPath = Callable[[Any], bool]

#: Characters that no text may hold: NUL (PostgreSQL can't store it) and lone surrogates (they have no UTF-8).
UNSTORABLE = re.compile("[\0\ud800-\udfff]")

#: Deeper JSON values are refused. The limits of serialisers and databases are higher.
MAX_DEPTH = 100
INT64 = 2**63


def invalid(node: colander.SchemaNode, message: str, code: str, value: Any = None) -> colander.Invalid:
    return FieldInvalid(node, message, code=code, value=value)


def json_type(value: Any) -> str:
    """The name of a value's JSON type, for messages."""
    names = {
        bool: "a boolean",
        str: "a string",
        int: "a number",
        float: "a number",
        Rounded: "a number",
        list: "an array",
        dict: "an object",
    }
    return "null" if value is None else names.get(type(value), type(value).__name__)


class Place:
    """A place within a value, for errors. They need only a node's name, and colander's nodes are far larger."""

    __slots__ = ("name",)
    typ = None

    def __init__(self, name: str | int) -> None:
        self.name = str(name)


class _Strict(colander.SchemaType):
    wanted = ""
    types: tuple[type, ...] = ()
    json_schema: dict[str, Any] = {}

    def serialize(self, node: colander.SchemaNode, appstruct: Any) -> Any:
        return appstruct

    def deserialize(self, node: colander.SchemaNode, cstruct: Any) -> Any:
        if cstruct is colander.null:
            return colander.null
        if type(cstruct) not in self.types:
            raise invalid(node, f"want {self.wanted}, not {json_type(cstruct)}", "wrong_type", cstruct)
        return self.check(node, cstruct)

    def check(self, node: colander.SchemaNode, value: Any) -> Any:
        return value


class Text(_Strict):
    """A JSON string without NUL and lone surrogates; kept as it is, the empty one too."""

    wanted = "a string"
    types: tuple[type, ...] = (str,)
    json_schema = {"type": "string"}

    def check(self, node: colander.SchemaNode, value: Any) -> Any:
        bad = UNSTORABLE.search(value)
        if bad:
            what = "the character NUL" if bad.group() == "\0" else "a lone surrogate"
            raise invalid(node, f"{what} at position {bad.start()} can't be stored", "unstorable_text", value)
        return value


class Word(Text):
    """One of some texts, as an option; JSON Schema lists them, so that forms can offer them."""

    def __init__(self, *words: str) -> None:
        self.words = words
        self.json_schema = {"type": "string", "enum": list(words)}

    def check(self, node: colander.SchemaNode, value: Any) -> Any:
        if value not in self.words:
            raise invalid(node, f"want one of {', '.join(self.words)}", "invalid_option")
        return value


class Boolean(_Strict):
    """``true`` or ``false``."""

    wanted = "true or false"
    types = (bool,)
    json_schema = {"type": "boolean"}


class Integer(_Strict):
    """A JSON number that is whole (``1`` and ``1.0``, RFC 8259 section 6) and fits 64 bits.

    A number with a fraction or an exponent is read as a float, so it must be less than 2^53: from there on a float
    may stand for several whole numbers.
    """

    wanted = "a whole number"
    types = (int, float, Rounded)
    json_schema = {"type": "integer"}

    def check(self, node: colander.SchemaNode, value: Any) -> Any:
        if type(value) is not int:
            if abs(value) >= UNSURE:
                raise invalid(node, "want a number this large as plain digits", "out_of_range", str(value))
            if type(value) is Rounded or not value.is_integer():
                raise invalid(node, "want a whole number, not a fraction", "wrong_type", str(value))
            value = int(value)
        if not -INT64 <= value < INT64:
            raise invalid(node, "want a whole number of at most 64 bits", "out_of_range", str(value))
        return value


class Number(_Strict):
    """A JSON number as a 64-bit float. A fraction is rounded to the nearest float.

    A whole number is accepted if a float is equal to it, or is written like it: JavaScript and Go write floats of less
    than 1e21 without an exponent. Minus zero becomes zero: SQLite doesn't keep its sign.
    """

    wanted = "a number"
    types = (int, float, Rounded)
    json_schema = {"type": "number"}

    def check(self, node: colander.SchemaNode, value: Any) -> Any:
        if type(value) is int:
            number = float_of_whole(value)
            if number is None:
                raise invalid(node, "this number can't be stored exactly as a 64-bit float", "out_of_range", str(value))
            return number
        if not math.isfinite(value):
            raise invalid(node, "want a finite number", "out_of_range", str(value))
        if type(value) is Rounded and value == 0.0:
            raise invalid(node, "this number is too near to zero for a 64-bit float", "out_of_range", value.text[:40])
        return value + 0.0


class Json(colander.SchemaType):
    """Any JSON value that both databases store and give back equal.

    Numbers are whole ones of 64 bits, and floats; a number with more digits than these keep is refused. PostgreSQL
    keeps numbers as decimals and answers ``1e23`` with all its digits, so a whole number of more than 64 bits is
    accepted if a float is written out like it; it becomes that float.
    """

    json_schema: dict[str, Any] = {}

    def serialize(self, node: colander.SchemaNode, appstruct: Any) -> Any:
        return appstruct

    def deserialize(self, node: colander.SchemaNode, cstruct: Any) -> Any:
        if cstruct is colander.null:
            return colander.null
        return self._walk(node, cstruct, 0)

    def _walk(self, node: colander.SchemaNode, value: Any, depth: int) -> Any:
        kind = type(value)
        if depth >= MAX_DEPTH and kind in (list, dict):
            raise invalid(node, f"nested deeper than {MAX_DEPTH} levels", "too_deep")
        if kind is str:
            return self._text(node, value)
        if kind is Rounded:
            raise invalid(node, "holds a number with more digits than a 64-bit float keeps", "out_of_range")
        if kind is float:
            if not math.isfinite(value):
                raise invalid(node, "holds a number that is not finite", "out_of_range")
            if 1e16 <= abs(value) < INT64:  # written with an exponent, which PostgreSQL doesn't keep
                return int(value)
            return value + 0.0
        if kind is int:
            return value if -INT64 <= value < INT64 else self._float(node, value)
        if kind is list:
            return [self._walk(node, item, depth + 1) for item in value]
        if kind is dict:
            return {self._key(node, key): self._walk(node, item, depth + 1) for key, item in value.items()}
        if value is not None and kind is not bool:
            raise invalid(node, f"holds {kind.__name__}, which is not JSON", "wrong_type")
        return value

    @staticmethod
    def _text(node: colander.SchemaNode, value: Any) -> str:
        if UNSTORABLE.search(value):
            raise invalid(node, "holds NUL or a lone surrogate, which can't be stored", "unstorable_text")
        return value

    def _key(self, node: colander.SchemaNode, key: Any) -> str:
        if type(key) is not str:
            raise invalid(node, "holds an object whose keys are no strings", "wrong_type")
        return self._text(node, key)

    @staticmethod
    def _float(node: colander.SchemaNode, value: Any) -> float:
        number = float_of_whole(value, as_written=True)
        if number is None:
            raise invalid(node, "holds a whole number of more than 64 bits", "out_of_range")
        return number


class List(_Strict):
    """A JSON array whose items another colander type checks."""

    wanted = "an array"
    types = (list,)

    def __init__(self, item: colander.SchemaType) -> None:
        self.item = item
        self.json_schema = {"type": "array", "items": getattr(item, "json_schema", {})}

    def check(self, node: colander.SchemaNode, value: Any) -> Any:
        return [self.item.deserialize(node, entry) for entry in value]


class Object(_Strict):
    """A JSON object; ``check`` checks its members."""

    wanted = "an object"
    types = (dict,)
    json_schema = {"type": "object"}


class Table(_Strict):
    """A table, by its number or its model name; as an option it is stored as the number."""

    wanted = "a table's number or model name"
    types = (int, float, str)
    #: The format is an annotation for forms, which offer the tables that there are.
    json_schema = {"type": ["integer", "string"], "format": "table"}

    def check(self, node: colander.SchemaNode, value: Any) -> Any:
        key = value if type(value) is str else whole(value)
        if key is None:
            raise invalid(node, f"want {self.wanted}, not a fraction", "wrong_type", value)
        return key


def option(
    kind: colander.SchemaType,
    name: str,
    *,
    default: Any = None,
    description: str = "",
    validator: Validator | None = None,
) -> colander.SchemaNode:
    """One option of a field type: a child of :meth:`FieldType.options_schema`.

    A null in a document stands for the default.
    """
    return colander.SchemaNode(kind, name=name, missing=default, description=description, validator=validator)


def at_option(node: colander.SchemaNode, name: str, message: str) -> colander.Invalid:
    """An error of the options' mapping that points at one option."""
    whole = colander.Invalid(node)
    whole.add(invalid(node[name], message, "invalid_option"))
    return whole


def mapping_json_schema(mapping: colander.SchemaNode) -> dict[str, Any]:
    """JSON Schema 2020-12 of a mapping of options."""
    properties = {}
    for child in mapping.children:
        own = dict(getattr(child.typ, "json_schema", {}))
        if child.missing is not colander.required:
            own["default"] = child.missing
            if isinstance(own.get("type"), str):  # null stands for the default
                own["type"] = [own["type"], "null"]
                if "enum" in own:
                    own["enum"] = [*own["enum"], None]
        if child.description:
            own["description"] = child.description
        properties[child.name] = own
    required = [child.name for child in mapping.children if child.missing is colander.required]
    schema: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**schema, "required": required} if required else schema
