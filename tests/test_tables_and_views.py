"""No statement reads a user's table where a caller's view of it is meant.

What a caller may see is a view (``queries/sql/views.py``), and statements select from it. These functions, and no
others, name the table itself. ``changes`` and ``orm`` are left out: definitions' changes and sessions of scripts see
everything.
"""

import ast
from collections.abc import Iterator

from tests.test_layers import MODULES, PACKAGE

LAYERS = ("access", "queries", "rows", "exchange", "web")
#: The names of variables and attributes that hold a model.
MODELS = {"model", "_model", "far", "near"}

VIEW = "it makes the view"
SHAPE = "it looks at the columns, and runs nothing"
WRITES = "it writes rows that a view has found, or new ones"
GRANTS = "it asks whether a grant holds for rows that a view has found, or that were written just now"
LOCKS = "it locks a row by its id before the view reads it"
REFUSED = "the database has refused rows by a unique rule: it finds which ones; the caller hears so much in any case"
UNIQUE = "it finds rows by a unique rule, which tells so much in any case; those that no view has are refused"
PRESETS = "a grant itself may link to any row that is there"
ADMINS = "only for callers who may do everything"
CONSOLE = "it is for scripts, and a backup has values that no view shows"

ALLOWED = {
    "queries/sql/views.py:WholeTable.source": VIEW,
    "queries/sql/views.py:ReverseSides.rows": SHAPE,
    "queries/sql/selection.py:Selection.reached": SHAPE,
    "queries/sql/subjects.py:of_reverse_side": SHAPE,
    "queries/sql/searching.py:_subject": SHAPE,
    "access/views.py:GrantedView.source": VIEW,
    "access/views.py:GrantedView._columns": VIEW,
    "access/views.py:_has_values": SHAPE,
    "access/compiling.py:slots_of": SHAPE,
    "access/explaining.py:Explainer._is_there": ADMINS,
    "exchange/backup/stored.py:stored_fields": SHAPE,
    "exchange/backup/stored.py:read": CONSOLE,
    "exchange/backup/stored.py:RestoredRows.__init__": SHAPE,
    "exchange/backup/stored.py:RestoredRows.refuse_dangling": CONSOLE,
    "rows/service.py:Rows.draw_ids": WRITES,
    "rows/service.py:Rows.insert_shown": WRITES,
    "rows/service.py:Rows.undoing": WRITES,
    "rows/service.py:Rows._insert": WRITES,
    "rows/service.py:Rows.hold": LOCKS,
    "rows/service.py:Rows._current": LOCKS,
    "rows/service.py:Rows._update": WRITES,
    "rows/service.py:Rows.delete": WRITES,
    "rows/service.py:Rows._release": WRITES,
    "rows/service.py:Rows._conditions": WRITES,
    "rows/filtered.py:Filtered._assign_alike": WRITES,
    "rows/filtered.py:Filtered.delete": WRITES,
    "rows/filtered.py:Filtered._write": WRITES,
    "rows/permits.py:Permits.holding": GRANTS,
    "rows/permits.py:Permits.failing": GRANTS,
    "rows/permits.py:Permits._among": GRANTS,
    "rows/links.py:Links.__init__": SHAPE,
    "rows/links.py:Links.held": GRANTS,
    "rows/upserts.py:Upsert._find_by": UNIQUE,
    "rows/upserts.py:Upsert._among": UNIQUE,
    "rows/upserts.py:Upsert._hold": UNIQUE,
    "rows/upserts.py:Upsert._insert": WRITES,
    "rows/upserts.py:Upsert._try": WRITES,
    "rows/upserts.py:Upsert._update": WRITES,
    "rows/violations.py:clashes": REFUSED,
    "rows/staged_clashes.py:StagedClashes._stored": REFUSED,
    "rows/staged_keys.py:StagedKeys._keys_of": SHAPE,
    "rows/staging.py:StagedRows.__init__": SHAPE,
    "rows/staging.py:StagedRows._refuse_unallowed": GRANTS,
    "rows/staging.py:StagedRows._draw_ids": WRITES,
    "rows/staging.py:StagedRows._missing": PRESETS,
    "rows/staging.py:StagedRows._statement": WRITES,
    "rows/staging.py:_insert_of": WRITES,
    "rows/staged_upserts.py:StagedUpserts._find": ADMINS,
    "rows/staged_upserts.py:StagedUpserts._update": ADMINS,
    "rows/staged_upserts.py:StagedUpserts._report": ADMINS,
}


def functions(node: ast.AST, name: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Functions and methods by their names; what is inside a function is its own."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield from functions(child, f"{name}{child.name}.")
        elif isinstance(child, ast.FunctionDef):
            yield f"{name}{child.name}", child


def names_a_table(node: ast.AST) -> bool:
    """``model.table``, ``self.model.table``, ``rows.model.table`` and the like."""
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute) and part.attr == "table":
            owner = part.value
            last = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", None)
            if last in MODELS:
                return True
    return False


def found() -> set[str]:
    places = set()
    for path in MODULES:
        parts = path.relative_to(PACKAGE).parts
        if parts[0] in LAYERS:
            for name, function in functions(ast.parse(path.read_text(encoding="utf-8"))):
                if names_a_table(function):
                    places.add(f"{'/'.join(parts)}:{name}")
    return places


def test_tables_are_named_where_they_have_to_be():
    assert sorted(found() - ALLOWED.keys()) == [], "select from the view: rows.scope.view.source()"
    assert sorted(ALLOWED.keys() - found()) == []


def test_a_function_that_names_one_is_found():
    code = "class A:\n    def b(self):\n        return select(self.rows.model.table.c.id)\n"
    assert [name for name, node in functions(ast.parse(code)) if names_a_table(node)] == ["A.b"]
