"""The contract between the system and a field type. A plugin must give two members of it.

These are :meth:`FieldType.column` and :meth:`FieldType.schema_node`; everything else has a default.
``dynmodel_pyramid.testing.FieldTypeConformance`` checks that a type keeps the contract.
"""

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

import colander
import sqlalchemy as sa

from dynmodel_pyramid.errors import OptionUnsupported
from dynmodel_pyramid.fields.operators import IDENTITY, Operator
from dynmodel_pyramid.fields.sql.signatures import Checks as Checks
from dynmodel_pyramid.fields.sql.signatures import Context as Context
from dynmodel_pyramid.fields.sql.signatures import SqlForm as SqlForm

#: The options of one field: names and JSON values, all options present, defaults filled in.
Options = Mapping[str, Any]
#: (the text of a value that a conversion can't keep, the new field's options) -> the nearest JSON value. It raises
#: ``ValueError`` if there is none.
Repair = Callable[[str, Options], Any]
#: Stored options of one version -> those of the next.
Upgrade = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Unsupported:
    """Why an option is not supported; an earlier release may have accepted it.

    :param option: its name
    :param reason: names the unsupported part
    :param code: the code of the error for clients that write the field
    """

    option: str
    reason: str
    code: str

    def error(self, field: str | None = None) -> OptionUnsupported:
        return OptionUnsupported(self.option, self.reason, self.code, field)


class FieldInvalid(colander.Invalid):
    """A ``colander.Invalid`` with a stable ``code`` for clients; a plain ``colander.Invalid`` has ``invalid``."""

    def __init__(self, node: colander.SchemaNode, msg: str, *, code: str, value: Any = None) -> None:
        super().__init__(node, msg, value)
        self.code = code


def _unchanged(text: str) -> str:
    return text


@dataclass(frozen=True, slots=True)
class TextForm:
    """Values as text: in CSV, in query strings, and in conversions from one type to another.

    ``to_text`` takes a stored value that is not None. ``from_text`` gives the JSON value that a text stands for, which
    the validator checks next; it raises ``ValueError`` saying what is wanted. The two must round-trip.

    ``sql_to_text`` and ``sql_from_text`` are the same in SQL, for conversions of whole columns inside the database.
    They give the results of the Python functions (``sql_from_text``: the validator's result for it), or NULL to leave a
    value to Python: values that Python refuses, and values that SQL can't convert in the same way.

    ``sql_sure_from_text`` is ``sql_from_text`` for texts of which it is known that it makes values of all of them; for
    others it may fail. None: there is no faster way.

    In CSV the empty text stands for null where the validator refuses it. ``keeps_empty`` says that it is a text like
    any other, so that it is refused and not null.
    """

    to_text: Callable[[Any], str] = str
    from_text: Callable[[str], Any] = _unchanged
    sql_to_text: SqlForm | None = None
    sql_from_text: SqlForm | None = None
    sql_sure_from_text: Callable[[sa.ColumnElement[Any], str], sa.ColumnElement[Any] | None] | None = None
    keeps_empty: bool = False


@dataclass(frozen=True, slots=True)
class Reference:
    """The rows that a field refers to: rows of a table, by their ids.

    :param table: the table's id
    :param on_delete: what happens to the referring row when the row that it refers to is deleted: ``restrict``,
        ``set_null`` or ``cascade``; of a list ``restrict`` or ``remove``
    :param reverse: the name under which the far table shows the rows that refer to it; None: it doesn't show them
    :param many: whether a value is an ordered list of ids. The system keeps it in a table of its own.
    :param reverse_limit: how many ids the far table shows; 0: only where a query selects them; None: the setting
    :param key: the unique field of the far table whose values stand for its rows in conversions; None: the id
    """

    table: int
    on_delete: str = "restrict"
    reverse: str | None = None
    many: bool = False
    key: str | None = None
    reverse_limit: int | None = None


class Write(Protocol):
    """The write for which :meth:`FieldType.fill` makes a value."""

    #: Whether the row is new.
    is_insert: bool
    #: Who writes, by the application's security policy (``request.authenticated_userid``), or None.
    author: str | None
    #: The time of the write, in UTC.
    moment: datetime.datetime

    def number(self) -> int:
        """The next number of this field, 1 at first. There are no gaps: if the write is undone, so is the number."""


#: Returned by ``fill`` to leave a row's value as it is.
UNCHANGED = object()


class FieldType:
    """A kind of field: how values are stored, which values are accepted, how they are shown.

    Instances are made once, without arguments, and shared by all threads: they hold no state.
    The class's docstring is shown to clients by ``GET /field-type/``.
    """

    #: The query operators of this type. With ``lt`` among them, rows can be sorted by the field, and the field unique
    #: or indexed: PostgreSQL needs a B-tree operator class for the column's type.
    operators: tuple[Operator, ...] = IDENTITY

    #: What the type is for, in one line without markup, for the list of types of which people choose. A subclass does
    #: not inherit it: without it the line is the first paragraph of the docstring.
    help = ""

    #: The name of the page's icon for the type; docs/field-types.md lists them.
    icon = ""

    #: The module of JavaScript with which the page shows and edits values: its path beside the module of the class
    #: that names it. None: the page makes a form control from :meth:`json_schema`.
    editor: str | None = None

    #: The names of such a type in databases and programming languages, in lower case, for hints: whoever asks for a
    #: ``varchar`` is told of ``string``. A subclass does not inherit them.
    other_names: tuple[str, ...] = ()

    #: For each change of the meaning of stored options, a function that upgrades them by one version: ``upgrades =
    #: (from_first_to_second, from_second_to_third)``. They take and return a dictionary; missing options get their
    #: defaults.
    upgrades: tuple[Upgrade, ...] = ()

    #: Named repairs of values that a change of the definition can't keep exactly, for ``on_error``: ``round``,
    #: ``truncate`` and the type's own.
    repairs: Mapping[str, Repair] = MappingProxyType({})

    #: Whether JSON values are strings of plain decimal numbers, which a client may ask for as JSON numbers
    #: (``/rest/``); the text form's ``sql_to_text`` gives their digits.
    exact_numbers = False

    #: For a type without a column: the system columns (``_created``) that :meth:`read_expression` reads. Only if it
    #: reads no others may whoever sees all fields of a table see this one, too; else it must be named in the grant.
    reads: tuple[str, ...] | None = None

    def options_schema(self) -> colander.SchemaNode:
        """The colander schema of this type's own options, a mapping; ``missing`` of each child is its default.

        Use the strict types of :mod:`dynmodel_pyramid.fields.schema`. Give a ``validator`` to the mapping for rules
        that concern several options.
        """
        return colander.SchemaNode(colander.Mapping(unknown="raise"))

    def column(self, options: Options, context: Context) -> sa.Column[Any] | None:
        """A new, unnamed column; None for a value that the database computes (:meth:`read_expression`).

        The system sets its name, nullability, default, indexes and foreign key. A column with ``sa.Computed`` is never
        written. For a list of references it is the column of one reference.
        """
        raise NotImplementedError

    def schema_node(self, options: Options) -> colander.SchemaNode:
        """The validator: its ``deserialize`` takes a JSON value and returns the value to store.

        It never sees null or a missing value (the common options decide about these). It must be strict about JSON
        types (``"1"`` is no number), raise :class:`colander.Invalid` for anything that the column can't store and
        return equal, and be safe to share between threads.

        An attribute ``fast_path`` of the node is a cheap test, true only for JSON values which the validator would
        accept and return unchanged: ``SchemaNode(kind, fast_path=lambda value: ...)``. With it most values need not go
        through colander: 0.05 s instead of 0.39 s for 10,000 rows of 20 fields.
        """
        raise NotImplementedError

    def checks(self, column: sa.ColumnElement[Any], options: Options, context: Context) -> Checks:
        """The validator's rules as checks of the database, for users who write by SQL.

        The keys are the options' names (``min``, ``max_length``, ``choices``), or ``type`` for a rule without an
        option. A condition is the validator's rule for that option, about the value as the column stores it. It must
        never refuse a value that the validator accepts. Leave it out if the database can't express it. For NULL it is
        true or NULL. It has constants only, and uses this column only.
        """
        return {}

    def operand_node(self, options: Options) -> colander.SchemaNode:
        """The validator of values that queries compare with, in the form of :meth:`schema_node`, which is the default.

        A type leaves out rules that only limit stored values: a query may compare with more than ``max``.
        """
        return self.schema_node(options)

    def read_expression(self, source: Any, options: Options) -> sa.ColumnElement[Any]:
        """The expression to select, filter and sort by: the column, unless the type shows something made of it.

        ``source`` is the column; where :meth:`column` gave None it is the row's table, and the value is made of its
        other columns.
        """
        shown: sa.ColumnElement[Any] = source
        return shown

    def json_expression(self, source: sa.ColumnElement[Any], options: Options) -> sa.ColumnElement[Any]:
        """The expression to select for JSON answers; its Python value must be one that orjson serialises.

        ``source`` is the result of :meth:`read_expression`, or a value made of it, such as its ``max()``.
        """
        return source

    def json_text(self, source: sa.ColumnElement[Any], options: Options, dialect: str) -> sa.ColumnElement[Any] | None:
        """The JSON text that the encoder would write for :meth:`json_expression`, made by the database, for embedded
        rows. ``source`` is the same.

        None: the SQL type determines it (text, whole numbers, floats, booleans, :class:`Fragment`), or the values are
        strings of the text form ``sql_to_text``. Needed where a ``result_processor`` in Python changes the value.
        """
        return None

    def relative_value(self, text: str, options: Options, moment: datetime.datetime) -> Any:
        """The JSON value that a text such as ``now-7d`` means in a query at a moment; None: it is no such text.

        ``moment`` is in UTC, and the same for the whole request.

        :raises ValueError: the value can't be stored, saying what is wanted
        """
        return None

    def unsupported(self, options: Options) -> Unsupported | None:
        """The option that is no longer supported; None if all are.

        A definition with it is refused, unless it is stored already: then the field can be read as before, and the
        validator raises its ``error()``, so that writes of the field are refused until the option is changed.
        """
        return None

    def text_form(self, options: Options) -> TextForm:
        """How values are written as text and read from it."""
        return TextForm()

    def text_hint(self, text: str) -> str | None:
        """The mend of a text that is not a value, if many people write values so: ``1,5`` for ``1.5``."""
        return None

    def json_schema(self, options: Options) -> dict[str, Any]:
        """JSON Schema 2020-12 of a value in answers, without null."""
        return {}

    def request_schema(self, options: Options) -> dict[str, Any]:
        """JSON Schema 2020-12 of a value in requests, without null; by default that of answers.

        It must admit each value that the validator accepts. A type that accepts other forms than it answers widens it.
        """
        return self.json_schema(options)

    def reference(self, options: Options) -> Reference | None:
        """The reference whose ids the values are; None for all other types.

        The option that names the table is of the kind :class:`dynmodel_pyramid.fields.schema.Table`. The system makes
        the foreign key, refuses ids that don't exist, and does what ``on_delete`` says.
        """
        return None

    #: For a type whose values name what is stored outside of users' tables: a method ``existing(self, connection,
    #: schema, values)`` that returns those of the stored values which exist. ``schema`` is that of all tables, None
    #: where there are none. Rows with other values are refused; later nobody looks whether the values still exist.
    existing: Callable[..., Any] | None = None

    #: For a type of system values, which no client writes: a method ``fill(self, options, write)`` that returns the
    #: value to store, or :data:`UNCHANGED`; ``write`` is a :class:`Write`.
    fill: Callable[..., Any] | None = None


def named_format(field_type: FieldType) -> str:
    """The format of JSON Schema for the texts that a type accepts, if no known format describes them: ``ip-address``.

    Readers of schemas ignore formats that they do not know.
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", type(field_type).__name__).lower()


def options_version(field_type: FieldType) -> int:
    """The version of options that a type stores today, 1 at first."""
    return len(field_type.upgrades) + 1


def is_sortable(field_type: FieldType) -> bool:
    """Whether rows can be sorted by a field of this type, and the field be unique or indexed."""
    return any(operator.sorts for operator in field_type.operators)


def stored_default(field_type: FieldType, options: Options, value: Any) -> Any:
    """The stored form of a default, which was validated when the field was defined."""
    node = field_type.schema_node(options)
    if field_type.unsupported(options) is not None:
        node = node.clone()
        node.validator = None
    return node.deserialize(value)


class _AnyDatabase:
    dialect = "sqlite"


#: A context to find out whether a type has a column.
ANY_DATABASE = _AnyDatabase()


def is_computed(field_type: FieldType, options: Options) -> bool:
    """Whether the database computes the value, so that nobody writes it."""
    column = field_type.column(options, ANY_DATABASE)
    return column is None or column.computed is not None
