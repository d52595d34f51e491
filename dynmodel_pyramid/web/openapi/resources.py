"""The resources of the descriptions: ``/openapi.json``, ``/table/{id}/openapi.json``, and the page that shows them."""

from typing import Any

from dynmodel_pyramid.access.attempt import RequestAttempt
from dynmodel_pyramid.web.http.tree import BelowTable, Resource
from dynmodel_pyramid.web.page.resources import PageFolder


class OpenApi(Resource):
    """The description of all that the caller may do."""

    def __init__(self, parent: Any, name: str) -> None:
        super().__init__(parent, name)
        self.attempt: RequestAttempt = parent.attempt


class TableOpenApi(BelowTable):
    """The description of one table."""


class Docs(Resource):
    """The page that shows the descriptions.

    :param viewer: its files (:class:`~dynmodel_pyramid.web.openapi.viewer.Viewer`)
    """

    def __init__(self, parent: Resource, name: str, viewer: Any) -> None:
        super().__init__(parent, name)
        self.viewer = viewer

    def __getitem__(self, segment: str) -> Resource:
        if segment != self.viewer.hash:
            raise KeyError(segment)
        return PageFolder(self, segment, self.viewer.files, "")
