"""The parts of a table, as the database itself describes them: texts that can be compared.

Each database prints its parts in one form, whatever statement made them. So two tables are equal if and only if their
things are. To print a table that a definition promises, it is made beside the real one (:meth:`Dialect.things` and
:meth:`Dialect.promised_things`).
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

#: In the order in which differences are reported.
KINDS = ("table", "column", "primary_key", "unique", "check", "index", "foreign_key", "sequence")


class Thing(NamedTuple):
    """A column, constraint or index of a table; ``kind`` is one of :data:`KINDS`.

    Foreign keys whose name isn't ours are called by their columns, as ``(row_id)``.
    """

    kind: str
    name: str


#: The parts of a table, each with its text.
Things = Mapping[Thing, str]

#: The end of the text of a constraint that is in force, but not proven for all rows.
NOT_VALID = " NOT VALID"


def foreign_key(
    name: str | None, columns: Sequence[str], far: str, far_columns: Sequence[str], on_delete: str, deferrable: bool
) -> tuple[Thing, str]:
    """A foreign key as a thing and its text."""
    own = f"({', '.join(columns)})"
    text = f"{own} REFERENCES {far} ({', '.join(far_columns)}) ON DELETE {on_delete}"
    is_ours = name is not None and name.startswith("_fk_")
    return Thing("foreign_key", name if is_ours else own), text + (" DEFERRABLE" if deferrable else "")
