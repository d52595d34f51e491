"""The names of relations in queries (PostgREST, "Resource Embedding").

A query names a relation by the link (or an alias of it), by the reverse side, or by the model at its other end; also by
its foreign key, as PostgreSQL names it, and backwards by the column that it refers to. A hint chooses among several.

A link of a table to itself leads forward by its own name, and backward by the model's: ``family!parent`` are the
children. A way through a join table is taken where no link leads, or if the hint is the join table.
"""

from collections.abc import Sequence

from dynmodel_pyramid.definitions.names import name_key
from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.hints import asked, nearest
from dynmodel_pyramid.queries.errors import clip
from dynmodel_pyramid.queries.grammar.printing import print_name
from dynmodel_pyramid.queries.grammar.syntax import Link
from dynmodel_pyramid.queries.sql.names import Names
from dynmodel_pyramid.queries.sql.relations import Relation, Through, constraint, exists, relations, through
from dynmodel_pyramid.queries.sql.views import Models, Views


def link_of(names: Names, name: str, hint: str | None, models: Models, views: Views, parameter: str) -> Relation:
    """A table's relation by one link, of that name.

    :raises Malformed: as :func:`relation_of`
    """
    every = list(relations(names, models, views))
    matches = _called(every, names, name, hint, models)
    if len(matches) == 1:
        return matches[0]
    raise _refused(names, name, hint, matches, every, models, parameter)


def relation_of(
    names: Names, name: str, hint: str | None, models: Models, views: Views, link: Link | None = None
) -> Relation | Through:
    """A table's relation of that name, if it exists for the caller.

    :param link: the relation itself, whatever its names
    :raises Malformed: there is none (``unknown_relation``), or there are several (``ambiguous_relation``)
    """
    every = list(relations(names, models, views))
    if link is not None:
        for relation in every:
            if relation.id == link:
                return relation
    matches: Sequence[Relation | Through] = _called(every, names, name, hint, models)
    if not matches:
        far = models(name)
        if far is not None and exists(far, views):
            ways = through(names, far, models, views)
            matches = [way for way in ways if hint is None or name_key(hint) == name_key(way.join_name)]
    if len(matches) == 1:
        return matches[0]
    raise _refused(names, name, hint, matches, every, models, "select")


def _called(every: list[Relation], names: Names, name: str, hint: str | None, models: Models) -> list[Relation]:
    """The relations that a name and a hint may mean: those of the first kind of name that has any."""
    kinds = (
        [relation for relation in every if name in relation.names],
        [relation for relation in every if _is_called(relation, name, names, models)],
        [relation for relation in every if name == relation.constraint],
        [relation for relation in every if name == relation.columns[0] and hint is None],
    )
    meant = ([relation for relation in kind if hint is None or _is_hint(hint, relation, models)] for kind in kinds)
    return next(filter(None, meant), [])


def _is_called(relation: Relation, name: str, names: Names, models: Models) -> bool:
    """Whether it is called by the far model's name."""
    if relation.far == names.model.definition.id and not relation.reverse:
        return False
    return _is_model(relation, name, models)


def _is_model(relation: Relation, name: str, models: Models) -> bool:
    far = models(relation.far)
    return far is not None and name_key(far.definition.model_name) == name_key(name)


def _is_hint(hint: str, relation: Relation, models: Models) -> bool:
    if hint in relation.names or hint in relation.columns or hint == relation.constraint:
        return True
    return _is_model(relation, hint, models)


# Refusals


def _refused(
    names: Names,
    name: str,
    hint: str | None,
    matches: Sequence[Relation | Through],
    every: list[Relation],
    models: Models,
    parameter: str,
) -> Malformed:
    called = clip(name if hint is None else f"{name}!{hint}")
    here = names.model.definition.model_name
    members = {"parameter": parameter, "table": here, "relation": clip(name)}
    if not matches:
        known = sorted({_told(relation, models) for relation in every})
        near = asked(_near(name, hint, every, names, models))
        return Malformed(
            f"{parameter}: the table {here} has no relation {called}",
            code="unknown_relation",
            hint=" ".join(part for part in (near, f"it has {', '.join(known)}" if known else "it has none") if part),
            sought=None if hint is None else clip(hint),
            **members,
        )
    matches = sorted(matches, key=_rank)
    choices = ", ".join(_told(relation, models) for relation in matches)
    far = models(matches[0].far)
    forms = ", ".join(f"'{form}'" for form in _forms(matches, "?" if far is None else far.definition.model_name))
    return Malformed(
        f"{parameter}: {called} may be several relations of {here}: {choices}",
        code="ambiguous_relation",
        hint=f"Try changing '{clip(name)}' to one of the following: {forms}. "
        "Find the desired relationship in the 'details' key.",
        details=[_described(relation, here, models) for relation in matches],
        **members,
    )


def _near(name: str, hint: str | None, every: list[Relation], names: Names, models: Models) -> list[str]:
    """The relations that were probably meant: of others' names, or with other hints where the name is right."""
    called = [] if hint is None else _called(every, names, name, None, models)
    if called:
        return [f"{print_name(name)}!{print_name(near)}" for near in nearest(hint, [one.link.name for one in called])]
    candidates = dict.fromkeys(called for relation in every for called in _all_names(relation, models))
    return list(map(print_name, nearest(name, candidates)))


def _forms(matches: Sequence[Relation | Through], far: str) -> list[str]:
    """For each relation to a model what a query may write to mean it alone."""
    joins = [relation.join for relation in matches if isinstance(relation, Through)]
    far, forms = print_name(far), []
    for relation in matches:
        if isinstance(relation, Relation) and not relation.reverse and relation.far == relation.table_id:
            forms.append(print_name(relation.link.name))
        elif isinstance(relation, Relation):
            forms.append(f"{far}!{print_name(relation.constraint)}")
        elif joins.count(relation.join) == 1:
            forms.append(f"{far}!{print_name(relation.join_name)}")
        else:
            near, other = print_name(relation.near_link.name), print_name(relation.far_link.name)
            forms.append(f"{print_name(relation.join_name)}!{near}(...{far}!{other}(*))")
    return forms


def _all_names(relation: Relation, models: Models) -> list[str]:
    far = models(relation.far)
    return [*relation.names, *([] if far is None else [far.definition.model_name])]


def _told(relation: Relation | Through, models: Models) -> str:
    far = models(relation.far)
    model_name = "?" if far is None else far.definition.model_name
    if isinstance(relation, Through):
        return f"{model_name} by {relation.join_name} ({relation.near_link.name}, {relation.far_link.name})"
    if relation.names:
        return f"{relation.names[0]} ({model_name})"
    return f"{model_name}!{relation.link.name}"


def _described(relation: Relation | Through, here: str, models: Models) -> dict[str, str]:
    """A relation as PostgREST tells of it."""
    far = models(relation.far)
    there = "?" if far is None else far.definition.model_name
    embedding = f"{here} with {there}"
    if isinstance(relation, Through):
        ends = [
            f"{constraint(relation.join_name, link.name)}({link.name})"
            for link in (relation.near_link, relation.far_link)
        ]
        used = f"{relation.join_name} using {ends[0]} and {ends[1]}"
    else:
        near_column, far_column = relation.columns
        used = f"{relation.constraint} using {here}({near_column}) and {there}({far_column})"
    return {"cardinality": _cardinality(relation), "relationship": used, "embedding": embedding}


def _cardinality(relation: Relation | Through) -> str:
    if isinstance(relation, Through) or relation.listed:
        return "many-to-many"
    if relation.link.is_unique:
        return "one-to-one"
    return "one-to-many" if relation.reverse else "many-to-one"


def _rank(relation: Relation | Through) -> int:
    """Its place in PostgREST's answer."""
    return ("one-to-many", "many-to-one", "one-to-one", "many-to-many").index(_cardinality(relation))
