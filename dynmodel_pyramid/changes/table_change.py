"""The changes of one transaction: several tables, all or nothing. Pure: no database."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from dynmodel_pyramid.catalogue.references import reference_of, referrers, touched, with_referrers
from dynmodel_pyramid.changes.on_error import OnError, Words, offers_of
from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.names import name_key
from dynmodel_pyramid.definitions.problems import escape
from dynmodel_pyramid.definitions.store import TrashedField
from dynmodel_pyramid.errors import Conflict, Invalid, Problem
from dynmodel_pyramid.fields import FieldTypes, Reference


@dataclass(frozen=True, slots=True)
class Earlier:
    """Values of a field that a conversion replaced.

    :param kept: their place in the trash
    :param since: the forms of the field from that conversion until the next one (or until now), in order
    """

    kept: TrashedField
    since: tuple[FieldDefinition, ...]


@dataclass(frozen=True, slots=True)
class TableChange:
    """The wanted change of one table.

    :param before: None for a new table; the definition in the trash for a restored one
    :param after: None for a table that goes to the trash
    :param returning: the places in the trash of restored fields' values, by the fields' ids
    :param restored: whether the table is restored from the trash
    :param earlier: values to restore if they were not overwritten since, by the fields' ids; for each field the newest
        first
    :param pointer: the table's place in the document, for errors; empty if the document is the table's own
    :param on_error: what becomes of values that can't be converted
    :param is_online: whether ``after.pending`` is already set (:mod:`~.online`); all other changes leave it empty
    """

    before: TableDefinition | None
    after: TableDefinition | None
    returning: Mapping[int, TrashedField] = field(default_factory=dict)
    restored: bool = False
    earlier: Mapping[int, tuple[Earlier, ...]] = field(default_factory=dict)
    pointer: str = ""
    is_online: bool = False
    on_error: Words = Words()

    @property
    def old(self) -> TableDefinition:
        """``before``, of a table that is not new."""
        assert self.before is not None
        return self.before

    @property
    def new(self) -> TableDefinition:
        """``after``, of a table that is not dropped."""
        assert self.after is not None
        return self.after

    @property
    def id(self) -> int:
        return (self.after or self.old).id

    @property
    def model_name(self) -> str:
        return (self.after or self.old).model_name

    @property
    def live_before(self) -> TableDefinition | None:
        """The definition that other tables saw before."""
        return None if self.restored else self.before

    @property
    def is_too_early(self) -> bool:
        """Whether rules that an earlier change left unproven must be proven first."""
        if self.live_before is None or not self.live_before.pending:
            return False
        return not (self.is_online and not self.new.pending)

    def without_pending(self) -> "TableChange":
        if self.is_online or self.after is None:
            return self
        return replace(self, after=replace(self.after, pending=()))


def with_words(
    changes: Iterable[TableChange],
    on_error: OnError,
    field_types: FieldTypes,
    others: Iterable[TableDefinition] | None = None,
) -> list[TableChange]:
    """The changes with the parameter's words for their fields: see :meth:`OnError.resolved`."""
    resolved = on_error.resolved(changes, offers_of(field_types), others)
    return [replace(change, on_error=words) for change, words in resolved]


def touched_tables(changes: Iterable[TableChange], field_types: FieldTypes) -> set[int]:
    """All tables whose definitions change: these, and those whose links from these change."""
    changes = list(changes)
    tables = {change.id for change in changes if change.live_before is not None}
    new = {change.id for change in changes} - tables
    for change in changes:
        tables |= set(touched(change.live_before, change.after, field_types))
        tables |= {reference.table for _, reference in _new_keys(change, field_types)}
    return tables - new


def settled(
    changes: Iterable[TableChange], current: Mapping[int, TableDefinition], field_types: FieldTypes
) -> tuple[list[TableChange], list[tuple[TableDefinition, TableDefinition]]]:
    """The changes with their versions and referrers; and (before, after) of further tables.

    Changes without an effect are left out.

    :param current: the live definitions of all tables that the changes touch
    :raises Invalid: the name of a reverse side is taken, or the key of a link is no unique field of the far table
    :raises Conflict: other tables link to a table that is dropped, or two tables would have one name
    """
    changes = list(changes)
    _refuse_doubled_names(changes)
    definitions: dict[int, TableDefinition | None] = {**current, **{change.id: change.after for change in changes}}
    for change in changes:
        old, new = (referrers(side, field_types) if side is not None else {} for side in
                    (change.live_before, change.after))  # fmt: skip
        for far_id in sorted({*old, *new}):
            far = definitions.get(far_id)
            if far is not None:
                try:
                    definitions[far_id] = with_referrers(far, change.id, new.get(far_id, ()))
                except Invalid as error:
                    raise error.below(change.pointer) from None
    for change in changes:
        _refuse_unknown_keys(change, definitions, field_types)
    with_versions = []
    for change in changes:
        after = definitions[change.id]
        if after is None:
            _refuse_if_linked(change.old, changes, field_types)
        elif change.before is None:
            after = replace(after, version=1)
        elif after.same_content(change.before) and not change.restored and not change.earlier:
            continue
        else:
            after = replace(after, version=change.before.version + 1)
        with_versions.append(replace(change, after=after))
    own = {change.id for change in changes}
    further = [
        (before, replace(after, version=before.version + 1))
        for number, before in sorted(current.items())
        if number not in own and (after := definitions[number]) is not None and not after.same_content(before)
    ]
    return with_versions, further


def _new_keys(change: TableChange, field_types: FieldTypes) -> Iterator[tuple[FieldDefinition, Reference]]:
    """The links that get another key."""
    for link in () if change.after is None else change.after.fields:
        reference = reference_of(link, field_types)
        if reference is not None and reference.key is not None:
            old = None if change.before is None else change.before.by_id.get(link.id)
            before = None if old is None else reference_of(old, field_types)
            if before is None or before.key != reference.key:
                yield link, reference


def _refuse_unknown_keys(
    change: TableChange, definitions: Mapping[int, TableDefinition | None], field_types: FieldTypes
) -> None:
    """Keys that stay, or come back with an earlier definition, may be of a field that has another name now: then they
    are refused when they are used.
    """
    if change.after is None or change.restored or change.earlier:
        return
    problems = []
    for link, reference in _new_keys(change, field_types):
        far = definitions.get(reference.table)
        key = None if far is None else far.by_name.get(reference.key or "")
        if key is None or key.write_only or not (key.unique or key.unique_ignore_case):
            detail = f"the table has no unique field {reference.key!r:.100} that can be read"
            problems.append(Problem(f"/fields/{escape(link.name)}/key", "invalid_option", detail))
    if problems:
        raise Invalid(problems).below(change.pointer)


def _refuse_if_linked(definition: TableDefinition, changes: list[TableChange], field_types: FieldTypes) -> None:
    own = {change.id for change in changes}
    left = [referrer for referrer in definition.referrers if referrer.table_id not in own]
    for change in changes:
        if change.after is not None and change.id != definition.id:
            left += referrers(change.after, field_types).get(definition.id, ())
    if left:
        names = ", ".join(f"{referrer.model_name}.{referrer.field}" for referrer in left)
        raise Conflict(
            f"rows of other tables link to the table {definition.model_name}: {names}",
            code="linked_from",
            hint="drop these fields first",
        )


def _refuse_doubled_names(changes: Iterable[TableChange]) -> None:
    taken: set[str] = set()
    for change in changes:
        if change.after is None:
            continue
        if name_key(change.after.model_name) in taken:
            raise Conflict(
                f"two tables would be called {change.after.model_name} (upper and lower case count the same)",
                code="name_taken",
            )
        taken.add(name_key(change.after.model_name))


def in_order(changes: Iterable[TableChange]) -> list[TableChange]:
    """Dropped tables come first, to free their names; new ones come before any that may link to them."""

    def place(change: TableChange) -> tuple[int, int]:
        if change.after is None:
            return 0, change.id
        return 1 if change.restored or change.before is None else 2, change.id

    return sorted(changes, key=place)
