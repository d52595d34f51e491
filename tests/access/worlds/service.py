"""A real service with the tables, whose rows and roles are set and read at will."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest import mock

import orjson
import sqlalchemy as sa

import dynmodel_pyramid
from dynmodel_pyramid.access.accounts.users import Users
from dynmodel_pyramid.catalogue.attempt import Attempt
from dynmodel_pyramid.catalogue.list_tables import line_values, lines_of
from dynmodel_pyramid.definitions import store
from dynmodel_pyramid.testing.databases import database_settings
from tests.access.worlds.conditions import CLAIMS, EMAIL, NAME
from tests.access.worlds.grants import OTHER, ROLES, Roles
from tests.access.worlds.tables import DEFINITIONS, MOMENT, NEXT, TABLES, TYPES, State, as_json
from tests.soak.fuzzing.wire import Answer, Request, send


@contextmanager
def fixed_time() -> Iterator[None]:
    """All writes happen at one moment."""
    real = store.now
    with mock.patch.object(store, "now", lambda: MOMENT):
        modules = [
            module
            for name, module in list(sys.modules.items())
            if name.startswith("dynmodel_pyramid.") and getattr(module, "now", None) is real
        ]
        patches = [mock.patch.object(module, "now", lambda: MOMENT) for module in modules]
        for patch in patches:
            patch.start()
        try:
            yield
        finally:
            for patch in patches:
                patch.stop()


class Service:
    """One database, and an application on it."""

    def __init__(self, app: Any) -> None:
        self.app = app
        registry = app.registry
        self.catalogue = registry.dynmodel_catalogue
        self.database = self.catalogue.database
        accounts = registry.dynmodel_tenant.accounts
        with self.database.writer.begin() as connection:
            _, self._admin = accounts.tokens.create(connection, name="admin", roles=("admin",))
        for name in TABLES:
            self.admin("POST", "/table/", {"model_name": name, "fields": DEFINITIONS[name]}, 201)
        roles = {role: {"tables": {}} for role in (*ROLES, OTHER)}
        self.admin("PUT", "/access/", {"roles": roles}, 200)
        users: Users = accounts.users
        with self.database.writer.begin() as connection:
            user = users.create(connection, name=NAME, email=EMAIL, roles=ROLES, claims=CLAIMS, password=None)
            _, self.secret = accounts.tokens.create(connection, name="its", roles=ROLES, user_id=user.id)
        attempt = Attempt(self.catalogue)
        self.ids = {name: number for number, name in enumerate(TABLES, 1)}
        self.models = {name: attempt.model(self.ids[name]) for name in TABLES}
        self._roles: Any = None

    def admin(self, method: str, path: str, document: Any, status: int) -> Any:
        headers = {"Authorization": f"Bearer {self._admin}", "Content-Type": "application/json"}
        answer = send(self.app, Request(method, path, headers, orjson.dumps(document)))
        assert answer.status == status, (path, document, answer.body)
        return orjson.loads(answer.body)

    def set_roles(self, roles: Roles) -> None:
        if roles.document != self._roles:
            self.admin("PUT", "/access/", roles.document, 200)
            self._roles = roles.document

    def send(self, request: Request) -> Answer:
        headers = {"Authorization": f"Bearer {self.secret}", "X-Request-Id": "r", **request.headers}
        return send(self.app, Request(request.method, request.target, headers, request.body))

    # Rows

    def _lines(self, name: str) -> dict[str, sa.Table]:
        model = self.models[name]
        return {
            field: lines_of(self.ids[name], model.definition.by_name[field].id, model.table.schema)
            for field, kind in TYPES[name].items()
            if kind == "links"
        }

    def load(self, state: State) -> None:
        """Let the tables hold these rows, and the counters be at their beginning."""
        with self.database.writer.begin() as connection:
            with self.database.dialect.foreign_keys_deferred(connection):
                for name, model in self.models.items():
                    for lines in self._lines(name).values():
                        connection.execute(sa.delete(lines))
                    connection.execute(sa.delete(model.table))
                for name, model in self.models.items():
                    self._insert(connection, name, model, state[name])
            self._reset(connection)

    def _insert(self, connection: sa.Connection, name: str, model: Any, rows: dict[int, dict[str, Any]]) -> None:
        columns = [column for column in model.table.c.keys() if column != "id"]
        stored = []
        for row_id, row in rows.items():
            values = {column: row[column] for column in columns}
            for field in model.definition.fields:
                if field.name in values and values[field.name] is not None and field.type != "autonumber":
                    node = model.field_types[field.type].schema_node(field.options)
                    if field.type != "created_by":
                        values[field.name] = node.deserialize(as_json(values[field.name]))
            stored.append({"id": row_id, **values})
        if stored:
            connection.execute(sa.insert(model.table), stored)
        for field, lines in self._lines(name).items():
            found = [line for row_id, row in rows.items() for line in line_values(row_id, row[field] or ())]
            if found:
                connection.execute(sa.insert(lines), found)

    def _reset(self, connection: sa.Connection) -> None:
        dialect = self.database.dialect
        for model in self.models.values():
            if dialect.has_sequences:
                name = connection.dialect.identifier_preparer.format_sequence(dialect.sequence(model.table))
                connection.execute(sa.select(sa.func.setval(name, NEXT - 1)))
            else:
                update = "UPDATE sqlite_sequence SET seq = ? WHERE name = ?"
                table = str(model.table.name)
                if not connection.exec_driver_sql(update, (NEXT - 1, table)).rowcount:
                    insert = "INSERT INTO sqlite_sequence (seq, name) VALUES (?, ?)"
                    connection.exec_driver_sql(insert, (NEXT - 1, table))
        self.catalogue.store.count_from(
            connection, self.ids["Person"], self.models["Person"].definition.by_name["number"].id, NEXT - 1
        )
        counter = self.database.system.counter
        connection.execute(sa.update(counter).values(last=NEXT - 1))

    def rows(self) -> State:
        """All rows, as they are now."""
        state: State = {}
        with self.database.reading() as connection:
            for name, model in self.models.items():
                found = state[name] = {}
                for row in connection.execute(sa.select(model.table).order_by(model.table.c.id)).mappings():
                    values = {str(key): _plain(value) for key, value in row.items()}
                    found[values.pop("id")] = values
                for field, lines in self._lines(name).items():
                    for values in found.values():
                        values[field] = []
                    query = sa.select(lines.c.row_id, lines.c.value).order_by(lines.c.row_id, lines.c.position)
                    for row_id, value in connection.execute(query):
                        found[row_id][field].append(value)
        return state

    def close(self) -> None:
        self.database.close()


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return value.quantize(Decimal("0.01"))
    if hasattr(value, "tzinfo") and hasattr(value, "date") and value.tzinfo is None:
        return store.aware(value)
    return value


@contextmanager
def services(database: str, folder: Path, count: int) -> Iterator[list[Service]]:
    """Services with the same definitions and identities."""
    with fixed_time(), ExitStack() as stack:
        found = []
        for number in range(count):
            place = folder / str(number)
            place.mkdir()
            settings = stack.enter_context(database_settings(database, place, "enforced"))
            service = Service(dynmodel_pyramid.main({}, **settings))
            stack.callback(service.close)
            found.append(service)
        yield found
