"""The traversal tree below ``/table/{id}/``, except for rows, and below ``/trash/``."""

from typing import Any

from dynmodel_pyramid.access.attempt import RequestAttempt
from dynmodel_pyramid.web.http.tree import BelowTable, Numbered, Resource, numbered


class Plan(BelowTable):
    """The plan of a change of a table."""


class Health(BelowTable):
    """The health of a table, and how far it is from its limits."""


class TableCompaction(BelowTable):
    """The compaction of a table."""


class NumberedBelowTable(BelowTable, Numbered):
    """A numbered thing below a table."""


class History(BelowTable):
    """The versions of a table's definition."""

    def __getitem__(self, segment: str) -> Resource:
        return numbered(HistoryVersion, self, segment)


class HistoryVersion(NumberedBelowTable):
    """One version of the definition."""

    def __getitem__(self, segment: str) -> Resource:
        return {"diff": Differences, "revert": Revert}[segment](self, segment)


class Differences(BelowTable):
    """The differences between one version and others."""

    def __getitem__(self, segment: str) -> Resource:
        return numbered(DifferenceResource, self, segment)


class DifferenceResource(NumberedBelowTable):
    """The difference to one version."""


class Revert(BelowTable):
    """Reverting to a version."""

    def __getitem__(self, segment: str) -> Resource:
        return {"plan": RevertPlan}[segment](self, segment)


class RevertPlan(BelowTable):
    """The plan of reverting to a version."""


class QuarantineResource(BelowTable):
    """Values of a table that a conversion could not convert."""

    def __getitem__(self, segment: str) -> Resource:
        return numbered(QuarantinedResource, self, segment)


class QuarantinedResource(NumberedBelowTable):
    """One value in quarantine."""

    def __getitem__(self, segment: str) -> Resource:
        return {"restore": Restoration}[segment](self, segment)


class Restoration(BelowTable):
    """Restoring the value to its row."""


class FieldTrash(BelowTable):
    """The fields in the trash of a table."""

    def __getitem__(self, segment: str) -> Resource:
        return numbered(TrashedField, self, segment)


class TrashedField(NumberedBelowTable):
    """One field in the trash; it may not exist."""

    def __getitem__(self, segment: str) -> Resource:
        return {"restore": FieldRestore}[segment](self, segment)


class FieldRestore(BelowTable):
    """Restoring the field."""


class BelowTrash(Resource):
    """A resource below the trash of tables."""

    def __init__(self, parent: Any, name: str) -> None:
        super().__init__(parent, name)
        self.attempt: RequestAttempt = parent.attempt


class TableTrash(BelowTrash):
    """The tables in the trash."""

    def __getitem__(self, segment: str) -> Resource:
        return numbered(TrashedTable, self, segment)


class TrashedTable(BelowTrash, Numbered):
    """One table in the trash; it may not exist."""

    def __getitem__(self, segment: str) -> Resource:
        return {"restore": TableRestore}[segment](self, segment)


class TableRestore(BelowTrash):
    """Restoring the table."""
