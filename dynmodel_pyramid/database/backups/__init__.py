"""Whole databases as one file each, by the databases' own tools, and back.

``sqlite``      SQLite's online backup: the file is a SQLite database
``postgresql``  pg_dump and pg_restore: the file is an archive of theirs

Both are of one moment, while the service runs. Both read the file again after it is written, and compare the number of
rows of every table with that moment's. :class:`Saved` is what they tell.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dynmodel_pyramid.errors import ConfigurationProblem

#: Called with what is done and all there is, in any unit.
Watch = Callable[[int, int], None]
#: Said when a backup is not whole.
NOT_KEPT = "the file is not kept: look at the disk, and do it again"
#: A file is called so until it is whole.
PART = ".part"


@dataclass(frozen=True, slots=True)
class Saved:
    """Rows by table, the system tables and those of the trash included."""

    rows: dict[str, int]

    def refuse_differences(self, found: dict[str, int], hint: str) -> None:
        """
        :param hint: what to do then
        :raises ConfigurationProblem: a table has another number of rows
        """
        for table in sorted(self.rows.keys() | found.keys()):
            if self.rows.get(table) != found.get(table):
                raise ConfigurationProblem(
                    f"what was written was read again, and has {found.get(table, 'no')} rows of {table}"
                    f" instead of {self.rows.get(table, 'none')}",
                    hint=hint,
                )


def begin(path: Path) -> Path:
    """Make the file that gets a name when it is whole; what a killed run left is removed.

    Only its owner reads it, because it holds all rows, and digests of passwords.
    """
    part = path.with_name(path.name + PART)
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    return part


def finish(part: Path, path: Path) -> None:
    """Give a whole file its name, after all of it is on the disk."""
    for name in (part, path.parent):
        descriptor = os.open(name, os.O_RDONLY)
        try:
            os.fsync(descriptor)
            if name == part:
                os.replace(part, path)
        finally:
            os.close(descriptor)
