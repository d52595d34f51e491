"""Documents of the whole schema in files: JSON (RFC 8259) and YAML (1.2), read without surprises.

YAML guesses the type of a word without quotes, and 1.1 and 1.2 guess differently: ``no`` is false or a text, ``010`` is
8 or 10, ``2026-01-31`` a date or a text. Here such a word is a number where JSON has it exactly so; null, true or false
where the versions of YAML agree; else a text. A key is always a text. Written texts are quoted if any reader might
guess another type.
"""

import json
import re
from pathlib import Path
from typing import Any, ClassVar, NoReturn

from dynmodel_pyramid.errors import DynmodelError, ExtraMissing, Malformed
from dynmodel_pyramid.exchange.documents import parse_json
from dynmodel_pyramid.nesting import MAX_LEVELS

try:
    import yaml
except ImportError:  # the extra "yaml"
    yaml = None  # type: ignore[assignment] # asked for by _need_yaml()

FORMATS = ("yaml", "json")
SUFFIXES = {".json": "json", ".yaml": "yaml", ".yml": "yaml"}
_NULL, _BOOL, _INT, _FLOAT, _STR, _SEQ, _MAP = (
    f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float", "str", "seq", "map")
)
#: The words that are not texts, with their first characters ("" for an empty value).
_WORDS = (
    (_NULL, r"(?:null|Null|NULL|~|)", ["n", "N", "~", ""]),
    (_BOOL, r"(?:true|True|TRUE|false|False|FALSE)", list("tTfF")),
    (_INT, r"-?(?:0|[1-9][0-9]*)", list("-0123456789")),
    (_FLOAT, r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?", list("-0123456789")),
)


def format_of(path: str | None, requested: str | None) -> str:
    """The format of a file: the one asked for, else that of the file's name; where there is no name YAML, or JSON if
    PyYAML is not installed. JSON is YAML, too.

    :raises Malformed: the name does not say
    """
    if requested is not None:
        return requested
    if path in (None, "-"):
        return "json" if yaml is None else "yaml"
    try:
        return SUFFIXES[Path(path).suffix.lower()]
    except KeyError:
        raise Malformed(f"{path}: its name tells no format", hint="say --format yaml or --format json") from None


def read_text(text: bytes, kind: str, name: str) -> Any:
    """A text -> document.

    :raises Malformed: saying where it breaks
    """
    try:
        return parse_json(text) if kind == "json" else _read_yaml(text)
    except ExtraMissing:
        raise
    except DynmodelError as error:
        raise Malformed(f"{name}: {error.detail}", code=error.code) from None


def write_text(document: Any, kind: str) -> str:
    if kind == "json":
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    _need_yaml()
    return yaml.dump(document, Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=100, indent=2)


def _need_yaml() -> None:
    if yaml is None:
        raise ExtraMissing("PyYAML", "yaml")


def _read_yaml(text: bytes) -> Any:
    _need_yaml()
    try:
        return yaml.load(text.decode("utf-8"), Loader=_loader())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
        raise Malformed(f"not YAML, or not what may stand here: {error.problem}{where}") from None
    except yaml.YAMLError as error:
        raise Malformed(f"not YAML: {str(error).splitlines()[0]}") from None
    except UnicodeDecodeError as error:
        raise Malformed(f"not UTF-8 (byte {error.start})") from None


def _loader() -> Any:
    class Loader(yaml.SafeLoader):
        yaml_implicit_resolvers: dict[Any, Any] = {}
        yaml_constructors: ClassVar[dict[Any, Any]] = {}
        level = 0

        def compose_node(self, parent: Any, index: Any) -> Any:
            # A few lines of them may spell out gigabytes ("billion laughs"), and documents need none.
            if self.check_event(yaml.AliasEvent):
                event = self.peek_event()
                raise yaml.composer.ComposerError(None, None, "aliases (*) are not taken", event.start_mark)
            self.level += 1
            if self.level > MAX_LEVELS:
                raise yaml.composer.ComposerError(None, None, "nested too deeply", self.peek_event().start_mark)
            node = super().compose_node(parent, index)
            self.level -= 1
            return node

        def mapping(self, node: Any) -> dict[str, Any]:
            if not isinstance(node, yaml.MappingNode):
                raise yaml.constructor.ConstructorError(None, None, "want keys and values", node.start_mark)
            members: dict[str, Any] = {}
            for key, value in node.value:
                if not isinstance(key, yaml.ScalarNode):
                    raise yaml.constructor.ConstructorError(None, None, "a key must be a text", key.start_mark)
                if key.value in members:
                    problem = f"the key {key.value!r} stands twice"
                    raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
                members[key.value] = self.construct_object(value, deep=True)
            return members

        def sequence(self, node: Any) -> list[Any]:
            if not isinstance(node, yaml.SequenceNode):
                raise yaml.constructor.ConstructorError(None, None, "want a list", node.start_mark)
            return [self.construct_object(item, deep=True) for item in node.value]

        def text(self, node: Any) -> Any:
            return self.construct_scalar(node)

        def word(self, node: Any) -> Any:
            try:
                return json.loads("null" if node.value in ("", "~") else node.value.lower())
            except ValueError:
                problem = f"{node.value!r} is not what its tag says"
                raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from None

        def other(self, node: Any) -> NoReturn:
            raise yaml.constructor.ConstructorError(None, None, f"the tag {node.tag} is not taken", node.start_mark)

    for tag, pattern, first in _WORDS:
        Loader.add_implicit_resolver(tag, re.compile(rf"{pattern}\Z"), first)
        Loader.add_constructor(tag, Loader.word)
    Loader.add_constructor(_STR, Loader.text)
    Loader.add_constructor(_SEQ, Loader.sequence)
    Loader.add_constructor(_MAP, Loader.mapping)
    Loader.add_constructor(None, Loader.other)
    return Loader


def _dumper() -> Any:
    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: object) -> bool:
            return True

        def text(self, text: str) -> Any:
            # Lines of a description stay lines; other breaks and invisible characters are escaped in double quotes.
            plain = text.replace("\n", "").isprintable()
            style = '"' if not plain else "|" if "\n" in text else None
            return self.represent_scalar(_STR, text, style=style)

    Dumper.add_representer(str, Dumper.text)
    # Added to the words of YAML 1.1, so that a text which either version would misread is quoted.
    for tag, pattern, first in _WORDS:
        Dumper.add_implicit_resolver(tag, re.compile(rf"{pattern}\Z"), first)
    return Dumper
