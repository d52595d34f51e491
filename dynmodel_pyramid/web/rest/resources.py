"""The tree below ``/rest/``: tables by their exact names, and ``rpc``, which has no functions."""

from dynmodel_pyramid.access.attempt import RequestAttempt
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.rows.permitted import row_service
from dynmodel_pyramid.rows.service import Rows
from dynmodel_pyramid.web.http.tree import Resource, deprecation_of, visible


class Rest(Resource):
    """All tables."""

    @property
    def attempt(self) -> RequestAttempt:
        return self.__parent__.attempt

    def __getitem__(self, segment: str) -> Resource:
        if segment == "rpc":
            return Functions(self, segment)
        # No model has another kind of name, and a database may fail on it.
        model = self.attempt.model(segment) if segment.isidentifier() else None
        model = model if model is not None and _is_called(model, segment) else None
        return RestTable(self, segment, visible(self.attempt, model))


def _is_called(model: Model, name: str) -> bool:
    return model.definition.model_name == name


class RestTable(Resource):
    """The rows of a table; ``model`` is None if there is no table of that name."""

    def __init__(self, parent: Rest, name: str, model: Model | None) -> None:
        super().__init__(parent, name)
        self.attempt = parent.attempt
        self.model = model

    @property
    def deprecation(self) -> str | None:
        """The header ``Deprecation`` of all answers here."""
        return None if self.model is None else deprecation_of(self.attempt, self.model)

    @property
    def rows(self) -> Rows:
        assert self.model is not None  # the views are not called without one
        return row_service(self.attempt.catalogue, self.model, self.attempt.scopes)


class Functions(Resource):
    """Stored functions."""

    def __getitem__(self, segment: str) -> Resource:
        return Function(self, segment)


class Function(Resource):
    """A stored function, which does not exist."""
