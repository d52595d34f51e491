"""The rules for names of tables and fields, and the identifiers that classes make of them."""

import keyword
import re
import unicodedata
from collections.abc import Collection, Container, Iterable

#: Bytes of UTF-8; PostgreSQL cuts longer identifiers (manual, 4.1.1).
LONGEST = 63

#: System columns of PostgreSQL (manual, 5.6) and SQLite's names of the row id, compared by casefold.
SYSTEM_COLUMNS = frozenset(
    {"id", "tableoid", "xmin", "cmin", "xmax", "cmax", "ctid", "oid", "rowid"}
)  # fmt: skip
#: Control, format, surrogate, private and unassigned characters, line and paragraph separators (Unicode's categories).
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
#: What an identifier of Python may not have: ``\w`` has a few characters more than identifiers, see :func:`identifier`.
_OTHERS = re.compile(r"\W+")


def name_key(name: str) -> str:
    """Names with equal keys clash."""
    return unicodedata.normalize("NFC", name.casefold())


def may_be_name(name: str) -> bool:
    """Whether a table or field may have the name; a database may fail on other texts."""
    return _fault(name, "name") is None


def _fault(name: object, what: str) -> str | None:
    if type(name) is not str:
        return f"the {what} must be a string"
    if not name:
        return f"the {what} must not be empty"
    if len(name) > LONGEST:  # before anything that takes long
        return f"the {what} must have at most {LONGEST} bytes of UTF-8"
    for letter in name:
        if unicodedata.category(letter) in _UNPRINTABLE:
            return f"the {what} must be printable: U+{ord(letter):04X} is not"
    if name != name.strip():
        return f"the {what} must not begin or end with a blank"
    if "__[" in name:
        return f"the {what} must not contain __[, a mark in statements that are not finished"
    if name.startswith("_"):
        return f"the {what} must not begin with an underscore: such names are the service's own"
    if not unicodedata.is_normalized("NFC", name):
        return f"the {what} must be in Unicode normal form C"
    if len(name.encode()) > LONGEST:
        return f"the {what} must have at most {LONGEST} bytes of UTF-8"
    return None


def model_name_fault(name: object) -> str | None:
    """The fault of a model's name, or None."""
    fault = _fault(name, "model name")
    if fault or not isinstance(name, str):
        return fault
    folded = name.casefold()
    if name == "*":
        return "a model is not called *: a grant on * is for all tables"
    first, *further = folded.split("/")
    if folded == "rpc" or folded.startswith("sqlite_") or (further and first in ("rpc", "v1")):
        return "a model is not called rpc, nor anything that begins with sqlite_, rpc/ or v1/"
    if not {"", ".", ".."}.isdisjoint([first, *further]):
        return "no part of a model name between slashes is empty, . or ..: no address could have it"
    return None


def field_name_fault(name: object) -> str | None:
    """The fault of a field's name, or None."""
    fault = _fault(name, "field name")
    if fault or not isinstance(name, str):
        return fault
    if name.casefold() in SYSTEM_COLUMNS:
        return f"a field is not called {name}: databases have a column of that name of their own"
    return None


def view_name_fault(name: object) -> str | None:
    """The fault of a saved view's name, or None."""
    fault = _fault(name, "name of the view")
    if fault is None and isinstance(name, str) and ("/" in name or name in (".", "..")):
        return "the name of the view is a part of its address, so it has no slash, and is neither . nor .."
    return fault


def identifier(name: str) -> str:
    """The identifier that stands for a name in Python.

    An identifier stands for itself. In other names each run of other characters is one underscore, none at either end;
    ``n_`` stands before a digit, and for a name without letters and digits ``n`` is left. A word of Python gets an
    underscore behind it: ``Total (%)`` is ``Total``, ``2024`` is ``n_2024``, ``class?`` is ``class_``.
    """
    if name.isidentifier():
        return name
    # Python reads identifiers in normal form KC, so ``x²`` would not be found under its own letters.
    text = unicodedata.normalize("NFKC", _OTHERS.sub("_", unicodedata.normalize("NFKC", name)))
    text = "".join(letter if f"a{letter}".isidentifier() else "_" for letter in text).strip("_")
    if not text:
        return "n"
    if not text.isidentifier():
        text = f"n_{text}"
    return f"{text}_" if keyword.iskeyword(text) else text


def free_identifier(wanted: str, taken: Container[str]) -> str:
    """The identifier, with as many underscores behind it as it takes to be free."""
    while wanted in taken:
        wanted += "_"
    return wanted


def identifiers(names: Iterable[str], reserved: Collection[str] = ()) -> dict[str, str]:
    """Name -> its identifier, each another one: names that are identifiers come first, the others in their order.

    :param reserved: identifiers that no name gets, though it may be one
    """
    names = list(names)
    own = [name for name in names if name.isidentifier()]
    made: dict[str, str] = {}
    taken = {*own, *reserved}
    for name in own:
        made[name] = free_identifier(name, taken) if name in reserved else name
        taken.add(made[name])
    for name in names:
        if name not in made:
            made[name] = free_identifier(identifier(name), taken)
            taken.add(made[name])
    return made
