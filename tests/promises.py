"""What every definition promises is in the database: asked by tests and soaks after each change."""

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.catalogue.references import referrers
from dynmodel_pyramid.changes.promises import Promises
from dynmodel_pyramid.database.postgresql_things import TEMPORARY, promised_things
from dynmodel_pyramid.database.things import Things, creations
from dynmodel_pyramid.definitions.model import link_table
from dynmodel_pyramid.definitions.trashed import TrashStore


class RememberedPromises(Promises):
    """Makes a table of PostgreSQL once: equal statements make equal tables, however many tests send them."""

    def _made(self, make):
        if self.dialect.name != "postgresql":
            return super()._made(make)
        table, indexes = make(sa.MetaData(schema=TEMPORARY))
        # The sequence of ids is not in the statements, if the table only names it.
        sequence = getattr(table.c.get("id"), "default", None)
        statements = [str(each.compile(dialect=self.connection.dialect)) for each in creations(table, indexes)]
        key = (table.name, getattr(sequence, "name", None), *statements)
        if key not in _MADE:
            if len(_MADE) > 5000:
                _MADE.clear()
            _MADE[key] = promised_things(self.connection, table, indexes)
        return _MADE[key]


_MADE: dict[tuple[str | None, ...], Things] = {}


def broken_promises(catalogue: Catalogue, only: int | None = None) -> list[str]:
    """Sentences about all live tables of a catalogue, or one, and about what is left over."""
    store, generator = catalogue.store, catalogue.generator
    # A test may have set it to a moment.
    catalogue.database.settings.change_timeout = 600.0
    with catalogue.database.rehearsing() as connection:
        _, stored = store.all(connection)
        live = [catalogue.upgraded(definition) for definition in stored]
        promises = RememberedPromises(connection, generator, store)
        asked = [definition for definition in live if only in (None, definition.id)]
        broken = [each for definition in asked for each in promises.broken(definition)]
        left = list(_left_over(catalogue, connection, live))
    return [each.detail for each in broken] + left + list(_referrers(catalogue, live))


def _left_over(catalogue, connection, live):
    """Tables and sequences that no definition and no trash knows."""
    system = catalogue.database.system
    kept = [*live, *(dropped.definition for dropped in TrashStore(system).tables(connection))]
    in_trash = sa.select(system.trash.c.physical_name).where(system.trash.c.table_id.in_([each.id for each in kept]))
    known = set(connection.scalars(in_trash))
    for definition in kept:
        known |= {definition.physical_name, f"_seq_{definition.id}"}
        known |= {link_table(definition.id, field.id) for field in definition.fields}
        known |= {f"_sx_{definition.id}_{field.id}" for field in definition.fields if field.index == "search"}
    for kind, name in sorted(catalogue.database.dialect.relations(connection)):
        if name.startswith("_") and not name.startswith("_dynmodel_") and name not in known:
            yield f"the {kind} {name} is left over"


def _referrers(catalogue, live):
    """What a table is told of those who link to it is what these say."""
    told = {definition.id: [] for definition in live}
    for definition in live:
        for far, made in referrers(definition, catalogue.field_types).items():
            told.setdefault(far, []).extend(made)
    for definition in live:
        wanted = sorted(told[definition.id], key=lambda each: (each.table_id, each.field_id))
        if list(definition.referrers) != wanted:
            yield f"{definition.model_name} is referred to by {definition.referrers}; promised is: {wanted}"


def assert_promises(catalogue: Catalogue, only: int | None = None) -> None:
    broken = broken_promises(catalogue, only)
    assert not broken, "\n".join(broken)
