"""The target of a move: made, taken over by a later run, marked until the end.

``_dynmodel_move`` is there while a move is unfinished: line 0 is the move itself, with the run that has the target now;
each other line a table that was made, with its shape. Every transaction of a run begins with a look at line 0, which it
locks. So of two runs the later one goes on, and the earlier one stops.
"""

import json
import secrets
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database import State
from dynmodel_pyramid.definitions import upgrade
from dynmodel_pyramid.definitions.store import insert_or_update
from dynmodel_pyramid.errors import ConfigurationProblem
from dynmodel_pyramid.moving.deployment import Side

NAME = "_dynmodel_move"


class Target:
    """The target in the hands of one run.

    :param connection: in no transaction; foreign keys are off where they are a matter of the connection
    :param source: what the source is, for people
    """

    def __init__(self, side: Side, connection: sa.Connection, source: str) -> None:
        self.side = side
        self.connection = connection
        self.source = source
        self._run = ""
        self._moves = sa.Table(
            NAME,
            sa.MetaData(schema=side.dialect.schema),
            sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
            sa.Column("text", sa.Text, nullable=False),
        )

    def is_finished(self) -> bool:
        """Whether it is a database like any other."""
        with self.side.database.reading() as connection:
            return upgrade.current_revision(self.side.database, connection) == upgrade.HEAD

    def refuse_other(self, connection: sa.Connection, source: State) -> None:
        """
        :raises ConfigurationProblem: a finished target is the source itself, or can't have been moved from there
        """
        there = self.side.database.state(connection)
        counts = [(state.definitions, state.access) for state in (source, there)]
        if source.stamp == there.stamp:
            raise self.refusal("it is the source itself")
        if counts[0] != counts[1]:
            raise self.refusal("its definitions or its access are others")

    def refusal(self, why: str) -> ConfigurationProblem:
        """Of a target that is finished already."""
        return ConfigurationProblem(
            f"the target has tables of dynmodel_pyramid already, and is no unfinished move: {why}",
            hint="if the source was written to after its move, or the target was: remove"
            f" {self._place()}, and move it anew. Otherwise name another target. Did you mean the other direction?",
        )

    def take(self, needed: Collection[str]) -> bool:
        """Make the system tables, or go on with what an earlier run made; -> whether there was one.

        :param needed: the names of all tables that the move makes
        :raises ConfigurationProblem: the target has tables of others, or is one of another source
        """
        database = self.side.database
        with self.connection.begin():
            revision = upgrade.lock(database, self.connection)
            if revision is None:
                self._refuse_taken(needed)
                upgrade.create(database, self.connection)
                upgrade.mark(database, self.connection, upgrade.MOVING)
                self._moves.create(self.connection)
                self._write(0, self._described())
                return False
            if revision != upgrade.MOVING:
                raise self.refusal(f"it is at revision {revision}")
            earlier = json.loads(self._line())
            if earlier["source"] != self.source or earlier["head"] != upgrade.HEAD:
                raise ConfigurationProblem(
                    f"the target is the unfinished move of {earlier['source']}, begun at revision {earlier['head']}",
                    hint=f"move that, or remove {self._place()} and begin anew",
                )
            self._write(0, self._described())
            return True

    @contextmanager
    def writing(self, *, may_lag: bool = False) -> Iterator[sa.Connection]:
        """A transaction of this run.

        :param may_lag: see :meth:`Dialect.let_commit_lag`: a later run makes good what is lost with the machine
        :raises ConfigurationProblem: a later run has taken over
        """
        with self.connection.begin():
            if may_lag:
                self.side.dialect.let_commit_lag(self.connection)
            if json.loads(self._line())["run"] != self._run:
                raise ConfigurationProblem("another dynmodel-move has begun to write the target, so this one stops")
            yield self.connection

    def made(self) -> dict[int, str]:
        """The shapes of the tables that were made, by their ids."""
        query = sa.select(self._moves).where(self._moves.c.number > 0)
        return {row.number: row.text for row in self.connection.execute(query)}

    def note(self, table_id: int, shape: str | None) -> None:
        """Note that a table was made, or with None that it is gone."""
        if shape is None:
            self.connection.execute(sa.delete(self._moves).where(self._moves.c.number == table_id))
        else:
            self._write(table_id, shape)

    def finish(self, state: State, last_ids: Mapping[sa.Table, int]) -> None:
        """The last transaction: with it the target is a database like any other.

        The stamps are new, so that no process takes what it knows of the source for this database.
        """
        system = self.side.database.system
        with self.writing() as connection:
            for table, last in last_ids.items():
                self.side.dialect.count_from(connection, table, last)
            connection.execute(
                sa.update(system.state)
                .where(system.state.c.id == 1)
                .values(
                    definitions=state.definitions,
                    access=state.access,
                    stamp=secrets.token_hex(16),
                    access_stamp=secrets.token_hex(16),
                )
            )
            self._moves.drop(connection)
            upgrade.mark(self.side.database, connection, upgrade.HEAD)

    def _described(self) -> str:
        self._run = secrets.token_hex(8)
        return json.dumps({"source": self.source, "head": upgrade.HEAD, "run": self._run})

    def _line(self) -> str:
        query = sa.select(self._moves.c.text).where(self._moves.c.number == 0).with_for_update()
        text: str | None = self.connection.scalar(query)
        if text is None:
            raise ConfigurationProblem(f"{NAME} has lost its first line", hint=f"remove {self._place()}")
        return text

    def _write(self, number: int, text: str) -> None:
        statement = insert_or_update(self.connection, self._moves).values(number=number, text=text)
        self.connection.execute(statement.on_conflict_do_update(index_elements=["number"], set_={"text": text}))

    def _refuse_taken(self, needed: Collection[str]) -> None:
        there = {thing.name.lower(): thing.name for thing in self.side.dialect.relations(self.connection)}
        system = (*self.side.database.system.metadata.tables.values(), self._moves)
        names = {*needed, *(str(table.name) for table in system)}
        taken = sorted(there[name.lower()] for name in names if name.lower() in there)
        if taken:
            more = f" and {len(taken) - 5} more" if len(taken) > 5 else ""
            raise ConfigurationProblem(
                f"the target has tables of others: {', '.join(taken[:5])}{more}",
                hint="the move keeps the names of tables; name another target, or rename those",
            )

    def _place(self) -> Any:
        schema = self.side.dialect.schema
        return f"the schema {schema}" if schema is not None else f"the file {self.side.database.engine.url.database}"
