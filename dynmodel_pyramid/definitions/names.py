"""The rules for names of tables and fields."""

import unicodedata

#: Bytes of UTF-8; PostgreSQL cuts longer identifiers (manual, 4.1.1).
LONGEST = 63

#: System columns of PostgreSQL (manual, 5.6) and SQLite's names of the row id, compared by casefold.
SYSTEM_COLUMNS = frozenset(
    {"id", "tableoid", "xmin", "cmin", "xmax", "cmax", "ctid", "oid", "rowid"}
)  # fmt: skip


def name_key(name: str) -> str:
    """Names with equal keys clash."""
    return unicodedata.normalize("NFC", name.casefold())


def _fault(name: object, what: str) -> str | None:
    if type(name) is not str:
        return f"the {what} must be a string"
    if not name.isidentifier():
        return f"the {what} must be an identifier: letters, digits and underscores, not beginning with a digit"
    if name.startswith("_"):
        return f"the {what} must not begin with an underscore"
    if not unicodedata.is_normalized("NFC", name):
        return f"the {what} must be in Unicode normal form C"
    if len(name.encode()) > LONGEST:
        return f"the {what} must have at most {LONGEST} bytes of UTF-8"
    return None


def model_name_fault(name: object) -> str | None:
    """The fault of a model's name, or None."""
    fault = _fault(name, "model name")
    if fault:
        return fault
    folded = name.casefold()
    if folded == "rpc" or folded.startswith("sqlite_"):
        return "a model is not called rpc, nor anything that begins with sqlite_"
    return None


def field_name_fault(name: object) -> str | None:
    """The fault of a field's name, or None."""
    fault = _fault(name, "field name")
    if fault:
        return fault
    if name.casefold() in SYSTEM_COLUMNS:
        return f"a field is not called {name}: databases have a column of that name of their own"
    return None
