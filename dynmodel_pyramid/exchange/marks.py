"""How far an import in parts is, kept in the database, so that it can go on exactly where it ended.

The mark moves in the transaction of each part. So it tells the truth whatever happens: also after a crash between a
commit and its message. It is a row of the table of kept answers (:mod:`dynmodel_pyramid.access.kept_answers`), and is
deleted as they are, ``dynmodel.idempotency_hours`` after the last part.
"""

import hashlib
import json
import uuid
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database import Database
from dynmodel_pyramid.database.expressions import expressions_of
from dynmodel_pyramid.definitions.store import now
from dynmodel_pyramid.errors import Conflict, NotFound


class Mark:
    """The mark of one import.

    :param key: tells the import from others: the file, the table, what becomes of the rows
    """

    def __init__(self, database: Database, key: object) -> None:
        self._database, self._table = database, database.system.answer
        self._key = _digest(f"import\0{key!r}")
        #: Which import the mark is of; one that goes on is the same.
        self._import = ""

    def begin(self, rows: int = 0) -> None:
        """Note that an import begins after so many rows of the file. An earlier one can no longer go on."""
        owner = _digest("import")
        self._import = uuid.uuid4().hex
        written = {"fingerprint": self._key, "rights": owner, "status": 200, "headers": [], **self._at(rows)}
        statement = expressions_of(self._database.dialect.name).insert(self._table)
        statement = statement.values(digest=self._key, owner=owner, **written)
        statement = statement.on_conflict_do_update(index_elements=[self._table.c.digest], set_=written)
        with self._database.writer.begin() as connection:
            connection.execute(statement)

    def resume(self) -> int:
        """How many rows of the file are written.

        :raises NotFound: no mark is there
        """
        query = sa.select(self._table.c.body).where(self._table.c.digest == self._key)
        with self._database.reading() as connection:
            body = connection.scalar(query)
        if body is None:
            hours = f"{self._database.settings.idempotency_hours:g}"
            raise NotFound(
                f"no import of this file with these options was begun in the last {hours} hours",
                hint="if it was begun then, nothing is written: leave --resume out; if the file has changed, say "
                "--skip-rows",
            )
        self._import, rows = json.loads(body)
        return rows

    def move(self, connection: sa.Connection, before: int, after: int) -> None:
        """Note how many rows of the file are written, as the first statement of the transaction of a part.

        :raises Conflict: another import has moved the mark; nothing may be written
        """
        column = self._table.c
        statement = sa.update(self._table).where(column.digest == self._key, column.body == self._at(before)["body"])
        if not connection.execute(statement.values(self._at(after))).rowcount:
            raise Conflict("another import of this file is running, or has begun anew")

    def _at(self, rows: int) -> dict[str, Any]:
        body = json.dumps([self._import, rows]).encode()
        return {"kept_at": now(), "body": body, "size": len(body)}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
