"""The tree below ``/rest/``: tables by their exact names, and ``rpc``, which has no functions."""

from pyramid.request import Request

from dynmodel_pyramid.access.attempt import RequestAttempt
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.definitions.names import may_be_name
from dynmodel_pyramid.rows.permitted import row_service
from dynmodel_pyramid.rows.service import Rows
from dynmodel_pyramid.web.http.tree import Resource, deprecation_of, is_visible, path, visible

#: Below this segment is the same as above it.
ALIAS = "v1"


class Rest(Resource):
    """All tables.

    ``/rest/v1/`` is the same: ``createClient`` of supabase-js asks there. A model that is called ``v1`` keeps its
    address, ``/rest/v1``.
    """

    @property
    def attempt(self) -> RequestAttempt:
        return self.__parent__.attempt

    @property
    def segments(self) -> tuple[str, ...]:
        """Those of its address."""
        return (*self.__parent__.segments, self.__name__) if isinstance(self.__parent__, Rest) else (self.__name__,)

    def __getitem__(self, segment: str) -> Resource:
        if segment == "rpc":
            return Functions(self, segment)
        model = self._called(segment)
        if segment == ALIAS and not isinstance(self.__parent__, Rest) and not is_visible(self.attempt, model):
            return Rest(self, segment)
        return RestTable(self, segment, visible(self.attempt, model))

    def table(self, name: str) -> "RestTable":
        """The table with this name, which may have slashes."""
        return RestTable(self, name, visible(self.attempt, self._called(name)))

    def _called(self, name: str) -> Model | None:
        model = self.attempt.model(name) if may_be_name(name) else None
        return model if model is not None and model.definition.model_name == name else None


class RestTable(Resource):
    """The rows of a table; ``model`` is None if there is no table of that name."""

    def __init__(self, parent: Rest, name: str, model: Model | None) -> None:
        super().__init__(parent, name)
        self.attempt = parent.attempt
        self.model = model

    def __getitem__(self, segment: str) -> Resource:
        """A name may have slashes, which a WSGI server decodes before it is known what they divide."""
        parent: Rest = self.__parent__
        if self.__name__ == ALIAS and not isinstance(parent.__parent__, Rest):
            return Rest(parent, ALIAS)[segment]
        return parent.table(f"{self.__name__}/{segment}")

    def path(self, request: Request) -> str:
        return path(request, *self.__parent__.segments, self.__name__).rstrip("/")

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
