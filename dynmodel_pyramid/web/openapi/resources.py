"""The resources of the descriptions: ``/openapi.json``, ``/table/{id}/openapi.json``."""

from typing import Any

from dynmodel_pyramid.access.attempt import RequestAttempt
from dynmodel_pyramid.web.http.tree import BelowTable, Resource


class OpenApi(Resource):
    """The description of all that the caller may do."""

    def __init__(self, parent: Any, name: str) -> None:
        super().__init__(parent, name)
        self.attempt: RequestAttempt = parent.attempt


class TableOpenApi(BelowTable):
    """The description of one table."""
