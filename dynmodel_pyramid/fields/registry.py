"""The registry of field types, filled from entry points and by ``config.add_field_type``."""

import inspect
import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.metadata import EntryPoint
from types import MappingProxyType
from typing import Any

import colander

from dynmodel_pyramid.errors import ConfigurationProblem, PluginMissing
from dynmodel_pyramid.fields.contract import FieldType
from dynmodel_pyramid.fields.operators import Operator, Syntax
from dynmodel_pyramid.fields.pages import editor_file
from dynmodel_pyramid.fields.schema import mapping_json_schema
from dynmodel_pyramid.hints import asked, nearest
from dynmodel_pyramid.plugins import in_order, installed, load, origin

log = logging.getLogger(__name__)

GROUP = "dynmodel_pyramid.field_types"

#: Options of every field; a type's own options may not have these names.
COMMON_OPTIONS = (
    "id", "name", "position", "type", "required", "unique", "index", "default", "label", "description", "renamed_from",
    "default_expression", "unique_ignore_case", "read_only", "write_only", "aliases", "message",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Registered:
    """A field type and where it comes from."""

    name: str
    field_type: FieldType
    distribution: str
    version: str

    @property
    def origin(self) -> str:
        return f"{self.distribution} {self.version}".strip()

    def __str__(self) -> str:
        return _where(self.name, self.distribution, self.version)


@dataclass(frozen=True, slots=True)
class Failure:
    """An installed field type that can't be used, where it comes from and the reason."""

    name: str
    distribution: str
    version: str
    entry_point: str
    cause: str

    def __str__(self) -> str:
        return f"{_where(self.name, self.distribution, self.version, self.entry_point)}: {self.cause}"


#: The words of ``on_error`` that every field takes: ``fail`` refuses a change, all others loosen a field.
ON_ERROR = ("fail", "null", "default", "quarantine")
_REPAIR = re.compile("[a-z][a-z_]*")


class FieldTypes:
    """The installed field types by name; filled at start, read-only afterwards."""

    def __init__(self) -> None:
        self._types: dict[str, Registered] = {}
        self._operators: dict[str, Syntax] = {}
        #: The syntax of all types' operators by their names, for the grammar of queries.
        self.operators: Mapping[str, Syntax] = MappingProxyType(self._operators)
        #: Other spellings of operators -> the operators, for hints.
        self.spellings: dict[str, dict[str, None]] = {}
        #: Installed types that can't be used. Of two types with one name, the second is a failure and the first is
        #: used.
        self.failures: tuple[Failure, ...] = ()

    def __iter__(self) -> Iterator[Registered]:
        return iter(sorted(self._types.values(), key=lambda registered: registered.name))

    def __contains__(self, name: str) -> bool:
        return name in self._types

    def names(self) -> list[str]:
        return sorted(self._types)

    def repairs(self) -> list[str]:
        """The names of all types' repairs."""
        return sorted({name for known in self for name in known.field_type.repairs})

    def meant(self, name: str) -> str | None:
        """A hint for an unknown type: the types that declare it as another name, else those of similar names."""
        called = [
            known.name for known in self if name.casefold() in vars(type(known.field_type)).get("other_names", ())
        ]
        return asked(called or nearest(name, self.names()))

    def registered(self, name: str) -> Registered | None:
        return self._types.get(name)

    def failure(self, name: str) -> Failure | None:
        """The first failure under a name."""
        return next((failure for failure in self.failures if failure.name == name), None)

    def __getitem__(self, name: str) -> FieldType:
        """:raises PluginMissing: no such type is installed, or its plugin failed"""
        try:
            return self._types[name].field_type
        except KeyError:
            raise self._missing(name) from None

    def _missing(self, name: str) -> PluginMissing:
        failure = self.failure(name)
        if failure is not None:
            return PluginMissing(f"the field type {name!r} is installed but failed at the start", hint=str(failure))
        return PluginMissing(
            f"the field type {name!r} is not installed",
            hint="install the package that provides it; installed are: " + ", ".join(self.names()),
        )

    def register(self, name: str, cls: type[FieldType], distribution: str = "", version: str = "") -> None:
        """Check a class against the contract and register it.

        :raises ConfigurationProblem: naming the type, its origin and the fault
        """
        try:
            self._take(name, cls, distribution, version)
        except ConfigurationProblem as problem:
            raise ConfigurationProblem(f"{_where(name, distribution, version)}: {problem}") from problem.__cause__

    def _take(self, name: str, cls: type[FieldType], distribution: str, version: str) -> None:
        """:raises ConfigurationProblem: saying what is wrong"""
        if not name.isidentifier() or name.startswith("_"):
            raise ConfigurationProblem("the name must be an identifier that doesn't begin with _")
        if name in self._types:
            raise ConfigurationProblem(
                f"{self._types[name].origin or 'the application'} provides a type of that name already",
                hint="uninstall one of the two",
            )
        field_type = checked(cls)
        operators = {operator.name: operator.syntax for operator in field_type.operators}
        self._check_syntax(operators)
        self._operators |= operators
        for operator in field_type.operators:
            for spelling in operator.spellings:
                self.spellings.setdefault(spelling, {})[operator.name] = None
        self._types[name] = Registered(name, field_type, distribution, version)

    def _check_syntax(self, operators: Mapping[str, Syntax]) -> None:
        """:raises ConfigurationProblem: another type writes one of the operators in another way"""
        for name, syntax in operators.items():
            known = self._operators.get(name, syntax)
            if known != syntax:
                other = next(
                    registered
                    for registered in self._types.values()
                    if any(operator.name == name for operator in registered.field_type.operators)
                )
                raise ConfigurationProblem(
                    f"its operator {name!r} takes {syntax}, and that of the {other} takes {known}",
                    hint="rename one of the two, or give it the other's syntax",
                )

    def load_entry_points(self, entry_points: Iterable[EntryPoint] | None = None) -> None:
        """Register every installed field type; one that fails is logged and added to :attr:`failures`."""
        for entry_point in installed(GROUP) if entry_points is None else in_order(entry_points):
            try:
                self._take(entry_point.name, load(entry_point), *origin(entry_point))
            except ConfigurationProblem as problem:
                failure = Failure(entry_point.name, *origin(entry_point), entry_point.value, str(problem))
                self.failures += (failure,)
                log.error("%s", failure, exc_info=problem.__cause__)


def _where(name: str, distribution: str, version: str, entry_point: str = "") -> str:
    where = f"field type {name!r}"
    if distribution:
        where += f" of {distribution} {version}".rstrip()
    return where + (f" (entry point {name} = {entry_point})" if entry_point else "")


def checked(cls: type[FieldType]) -> FieldType:
    """An instance of the class, if the class keeps the contract as far as can be checked before any use.

    :raises ConfigurationProblem: saying what is wrong
    """
    if not (isinstance(cls, type) and issubclass(cls, FieldType)):
        raise ConfigurationProblem(f"{cls!r} is not a class that derives from FieldType")
    for method in ("column", "schema_node"):
        if getattr(cls, method) is getattr(FieldType, method):
            raise ConfigurationProblem(f"{cls.__name__} has no {method}()")
    for method, arguments in _contract().items():
        if getattr(cls, method) is not getattr(FieldType, method):
            _check_arguments(cls, method, arguments)
    try:
        field_type = cls()
        schema = field_type.options_schema()
        options = {child.name for child in schema.children}
        strict = isinstance(schema.typ, colander.Mapping) and schema.typ.unknown == "raise"
        json.dumps(mapping_json_schema(schema))
    except Exception as error:
        raise ConfigurationProblem(f"{type(error).__name__}: {error}") from error
    if not strict:
        raise ConfigurationProblem('options_schema() must be a colander.Mapping(unknown="raise")')
    clash = sorted(options.intersection(COMMON_OPTIONS))
    if clash:
        raise ConfigurationProblem(f"its option {clash[0]!r} is one that every field has; rename it")
    operators = field_type.operators
    if not (isinstance(operators, tuple) and all(isinstance(known, Operator) for known in operators)):
        raise ConfigurationProblem("its operators are not all of dynmodel_pyramid.fields.operators")
    names = [known.name for known in operators]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigurationProblem(f"its operator {twice[0]!r} is declared twice")
    repairs = field_type.repairs
    if not isinstance(repairs, Mapping) or not all(map(callable, repairs.values())):
        raise ConfigurationProblem("repairs must be a mapping of names to functions")
    bad = [name for name in repairs if not _REPAIR.fullmatch(str(name)) or name in ON_ERROR]
    if bad:
        raise ConfigurationProblem(f"its repair {bad[0]!r} needs another name: a to z and _, and no word of on_error")
    others = field_type.other_names
    if not (isinstance(others, tuple) and all(other == str(other).casefold() for other in others)):
        raise ConfigurationProblem("other_names must be a tuple of names in lower case")
    if not (isinstance(field_type.help, str) and isinstance(field_type.icon, str)):
        raise ConfigurationProblem("help and icon must be texts")
    editor_file(field_type)
    if not (isinstance(field_type.upgrades, tuple) and all(map(callable, field_type.upgrades))):
        raise ConfigurationProblem("upgrades must be a tuple of functions")
    if field_type.fill is not None:
        _check_arguments(cls, "fill", ["options", "write"])
    return field_type


@cache
def _contract() -> dict[str, list[str]]:
    """The methods of the contract with the names of their arguments."""
    return {
        name: list(inspect.signature(method).parameters)[1:]
        for name, method in inspect.getmembers(FieldType, inspect.isfunction)
        if not name.startswith("_")
    }


def _check_arguments(cls: type, method: str, arguments: list[str]) -> None:
    """Refuse a method that can't be called as the contract calls it: positionally, with the contract's arguments."""
    try:
        signature = inspect.signature(getattr(cls, method))
    except (TypeError, ValueError):
        raise ConfigurationProblem(f"{cls.__name__}.{method} is not a method") from None
    try:
        signature.bind(None, *arguments)
    except TypeError:
        wanted = ", ".join(["self", *arguments])
        raise ConfigurationProblem(
            f"{cls.__name__}.{method}{signature} has the wrong signature", hint=f"want {method}({wanted})"
        ) from None


@lru_cache(256)
def options_schema(field_type: FieldType) -> colander.SchemaNode:
    """A type's :meth:`~FieldType.options_schema`, made once: a third of the time to read a document was spent on it."""
    return field_type.options_schema()


@lru_cache(256)
def option_names(field_type: FieldType) -> frozenset[str]:
    """The names of a type's own options."""
    return frozenset(child.name for child in options_schema(field_type).children)


def read_options(field_type: FieldType, own: Mapping[str, Any]) -> dict[str, Any]:
    """A type's own options in full form, from a document's.

    :raises colander.Invalid: an option is unknown, or its value wrong
    """
    mapping, known = options_schema(field_type), option_names(field_type)
    # A null stands for the default; for an unknown option it is still an error.
    options = mapping.deserialize(
        {name: value for name, value in own.items() if value is not None or name not in known}
    )
    return {} if options is colander.null else options
