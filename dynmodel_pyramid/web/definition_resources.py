"""The traversal tree below ``/table/{id}/`` besides its rows, and ``/trash/``."""

from typing import Any

from dynmodel_pyramid.catalogue.attempt import Attempt
from dynmodel_pyramid.web.http.tree import BelowTable, Numbered, Resource, numbered


class Plan(BelowTable):
    """What a change of a table would do."""


class Health(BelowTable):
    """How far a table is from its limits."""


class NumberedBelowTable(BelowTable, Numbered):
    """Something of a table that has a number."""


class History(BelowTable):
    """The versions of a table's definition."""

    def __getitem__(self, segment: str) -> Resource:
        return numbered(HistoryVersion, self, segment)


class HistoryVersion(NumberedBelowTable):
    """One of them."""

    def __getitem__(self, segment: str) -> Resource:
        return {"diff": Differences, "revert": Revert}[segment](self, segment)


class Differences(BelowTable):
    """What leads from one version to others."""

    def __getitem__(self, segment: str) -> Resource:
        return numbered(DifferenceResource, self, segment)


class DifferenceResource(NumberedBelowTable):
    """What leads to one of them."""


class Revert(BelowTable):
    """The way back to a version."""


class QuarantineResource(BelowTable):
    """Values of a table that a conversion could not carry over."""

    def __getitem__(self, segment: str) -> Resource:
        return numbered(QuarantinedResource, self, segment)


class QuarantinedResource(NumberedBelowTable):
    """One of them."""

    def __getitem__(self, segment: str) -> Resource:
        return {"restore": Restoration}[segment](self, segment)


class Restoration(BelowTable):
    """The way of such a value back into its row."""


class FieldTrash(BelowTable):
    """The fields in the trash of a table."""

    def __getitem__(self, segment: str) -> Resource:
        return numbered(TrashedField, self, segment)


class TrashedField(NumberedBelowTable):
    """One of them, which may or may not exist."""

    def __getitem__(self, segment: str) -> Resource:
        return {"restore": FieldRestore}[segment](self, segment)


class FieldRestore(BelowTable):
    """Its way back."""


class BelowTrash(Resource):
    """What hangs below the trash of tables."""

    def __init__(self, parent: Any, name: str) -> None:
        super().__init__(parent, name)
        self.attempt: Attempt = parent.attempt


class TableTrash(BelowTrash):
    """The tables in the trash."""

    def __getitem__(self, segment: str) -> Resource:
        return numbered(TrashedTable, self, segment)


class TrashedTable(BelowTrash, Numbered):
    """One of them, which may or may not exist."""

    def __getitem__(self, segment: str) -> Resource:
        return {"restore": TableRestore}[segment](self, segment)


class TableRestore(BelowTrash):
    """Its way back."""
