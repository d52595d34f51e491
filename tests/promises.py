"""What every definition promises is in the database: asked by tests and soaks after each change."""

from dynmodel_pyramid.tables.catalogue import Catalogue
from dynmodel_pyramid.tables.promises import Promises, left_over
from dynmodel_pyramid.tables.references import referrers


def broken_promises(catalogue: Catalogue) -> list[str]:
    """Sentences about all live tables of a catalogue, and about what is left over."""
    store, generator = catalogue.store, catalogue.generator
    with catalogue.database.rehearsing() as connection:
        _, stored = store.all(connection)
        live = [catalogue.upgraded(definition) for definition in stored]
        promises = Promises(connection, generator, store)
        broken = [each for definition in live for each in promises.broken(definition)]
        broken += left_over(connection, store, generator, live)
    return [each.detail for each in broken] + list(_referrers(catalogue, live))


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


def assert_promises(catalogue: Catalogue) -> None:
    broken = broken_promises(catalogue)
    assert not broken, "\n".join(broken)
