"""``python -m tests.document_operators`` writes the tables of docs/operators.md: which operators there are, and which
types take them on which databases. It asks what is installed, and leaves the rest of the page as it is."""

import re
import sys
from collections.abc import Iterator

from dynmodel_pyramid.fields.operators import Operator
from dynmodel_pyramid.queries.sql.casts import CASTS
from dynmodel_pyramid.queries.sql.json_paths import Part
from tests.document_types import built_in
from tests.documents import ROOT

PAGE = ROOT / "docs" / "operators.md"
BEGIN, END = "<!-- written by tests.document_operators: {} -->", "<!-- end -->"


def types() -> dict[str, dict[str, Operator]]:
    """Name of a type, or of a part of JSON -> its operators by name."""
    found = {known.name: {each.name: each for each in known.field_type.operators} for known in built_in()}
    return found | {"json `->`": {each.name: each for each in Part.operators}}


def operators() -> Iterator[str]:
    every: dict[str, list[Operator]] = {}
    for taken in types().values():
        for name, operator in taken.items():
            every.setdefault(name, []).append(operator)
    yield "| operator | finds rows where the field | takes | databases |"
    yield "| --- | --- | --- | --- |"
    for name, known in every.items():
        described = " or ".join(dict.fromkeys(each.description for each in known))
        databases = "both" if len(known[0].dialects) == 2 else ", ".join(known[0].dialects)
        yield f"| `{name}` | {described} | {known[0].syntax} | {databases} |"


def table() -> Iterator[str]:
    every = types()
    names = list(dict.fromkeys(name for taken in every.values() for name in taken))
    yield f"| type | {' | '.join(names)} |"
    yield f"| --- |{' :-: |' * len(names)}"
    for kind, taken in every.items():
        cells = [_cell(taken.get(name)) for name in names]
        yield f"| {kind if '`' in kind else f'`{kind}`'} | {' | '.join(cells)} |"


def _cell(operator: Operator | None) -> str:
    if operator is None:
        return ""
    return "x" if len(operator.dialects) == 2 else "P"


def casts() -> Iterator[str]:
    yield "| cast | type of the values |"
    yield "| --- | --- |"
    names = {type(known.field_type): known.name for known in built_in()}
    for kind in dict.fromkeys(CASTS.values()):
        written = ", ".join(f"`{name}`" for name, cast in CASTS.items() if cast is kind)
        yield f"| {written} | `{names[kind]}` |"


TABLES = {"operators": operators, "types": table, "casts": casts}


def page() -> str:
    """The page with its tables written anew."""
    text = PAGE.read_text(encoding="utf-8")
    for name, lines in TABLES.items():
        begin = BEGIN.format(name)
        made = "\n".join([begin, "", *lines(), "", END])
        text, count = re.subn(
            f"{re.escape(begin)}.*?{re.escape(END)}", lambda match, made=made: made, text, flags=re.DOTALL
        )
        assert count == 1, f"docs/operators.md has no place for {name}"
    return text


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE, file=sys.stderr)
