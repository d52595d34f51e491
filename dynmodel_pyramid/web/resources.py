"""The traversal tree: a resource for each path.

A resource's ``__getitem__`` raises ``KeyError`` for an unknown path segment, and Pyramid answers 404. It is kept tiny,
because any ``KeyError`` inside becomes a 404. Resources below a table have the table's :class:`Model`. Those of a row
have its id; the row may not exist.
"""

from functools import partial
from typing import Any

from pyramid.request import Request

from dynmodel_pyramid.access.attempt import RequestAttempt
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.database.dialect import LARGEST_ID
from dynmodel_pyramid.definitions.names import may_be_name
from dynmodel_pyramid.errors import NotFound
from dynmodel_pyramid.fields.registry import Failure, Registered
from dynmodel_pyramid.hints import asked
from dynmodel_pyramid.rows.permitted import row_service
from dynmodel_pyramid.rows.reading import parse_id
from dynmodel_pyramid.rows.service import Rows
from dynmodel_pyramid.tenants.tenant import Tenant
from dynmodel_pyramid.web.definition_resources import (
    FieldTrash,
    Health,
    History,
    Plan,
    QuarantineResource,
    TableCompaction,
    TableTrash,
)
from dynmodel_pyramid.web.http.once import SENT, once_of
from dynmodel_pyramid.web.http.seen import near_tables
from dynmodel_pyramid.web.http.tree import ATTEMPT, ATTEMPT_NUMBER, TENANT, Resource, deprecation_of, visible
from dynmodel_pyramid.web.identity import resources as identity_resources
from dynmodel_pyramid.web.identity.caching import DOCS, PAGE, is_public
from dynmodel_pyramid.web.identity.callers import caller_of, forget
from dynmodel_pyramid.web.openapi.resources import Docs, OpenApi, TableOpenApi
from dynmodel_pyramid.web.page.assets import Assets
from dynmodel_pyramid.web.page.resources import PageDocument
from dynmodel_pyramid.web.rest.resources import Rest
from dynmodel_pyramid.web.tenants import tenant_for


class Root(Resource):
    """The service. It and all resources below it belong to one attempt at one request.

    :param page: the files of the page; None: it is turned off
    :param viewer: those of the page that shows the description
    """

    def __init__(self, attempt: RequestAttempt, page: Assets | None, viewer: Any) -> None:
        super().__init__(None, "")
        self.attempt, self.page, self.viewer = attempt, page, viewer

    def __getitem__(self, segment: str) -> Resource:
        if segment == PAGE and self.page is not None:
            return PageDocument(self, segment, self.page)
        if segment == DOCS:
            return Docs(self, segment, self.viewer)
        return _BELOW_ROOT[segment](self, segment)


class OperatorsRoot(Root):
    """What a service with tenants has besides them: the pages of operators."""

    def __init__(self) -> None:
        Resource.__init__(self, None, "")

    def __getitem__(self, segment: str) -> Resource:
        return {"live": Live, "ready": Ready, "metrics": Metrics}[segment](self, segment)


class Live(Resource):
    """Whether the process answers."""


class Ready(Resource):
    """Whether the process can serve requests: the database can be reached and has the right release."""


class WholeHealth(Resource):
    """An examination of the whole deployment."""

    @property
    def attempt(self) -> RequestAttempt:
        return self.__parent__.attempt


class Metrics(Resource):
    """Metrics for Prometheus, where they are turned on."""


class FieldTypesResource(Resource):
    """The installed field types, and failed ones."""

    def __getitem__(self, segment: str) -> Resource:
        types = self.__parent__.attempt.catalogue.field_types
        known = types.registered(segment) or types.failure(segment)
        if known is None:
            raise KeyError(segment)
        return FieldTypeResource(self, segment, known)


class FieldTypeResource(Resource):
    """One field type."""

    def __init__(self, parent: FieldTypesResource, name: str, known: Registered | Failure) -> None:
        super().__init__(parent, name)
        self.known = known


class Schema(Resource):
    """All tables as one document."""

    @property
    def attempt(self) -> RequestAttempt:
        return self.__parent__.attempt

    def __getitem__(self, segment: str) -> Resource:
        return {"plan": SchemaPlan}[segment](self, segment)


class SchemaPlan(Resource):
    """The plan of a document of all tables."""

    @property
    def attempt(self) -> RequestAttempt:
        return self.__parent__.attempt


class Tables(Resource):
    """All tables."""

    @property
    def attempt(self) -> RequestAttempt:
        return self.__parent__.attempt

    def __getitem__(self, segment: str) -> Resource:
        number = parse_id(segment)
        return Table(self, segment, table_of(self.attempt, segment if number is None else number))


def table_of(attempt: RequestAttempt, key: int | str) -> Model:
    """The table of a number or a model name, if it exists for the caller.

    :raises NotFound: it does not
    """
    is_possible = may_be_name(key) if isinstance(key, str) else 0 <= key <= LARGEST_ID
    model = visible(attempt, attempt.model(key) if is_possible else None)
    if model is None:
        near = near_tables(attempt, key) if isinstance(key, str) else []
        raise NotFound(f"there is no table {str(key)!r:.100}", hint=asked(near))
    return model


class Batch(Resource):
    """Operations on several tables. Errors tell ``operation`` while it runs."""

    def __init__(self, parent: "Root | Batch", name: str) -> None:
        super().__init__(parent, name)
        self.attempt: RequestAttempt = parent.attempt
        self.operation: int | None = None

    def __getitem__(self, segment: str) -> Resource:
        return {"plan": BatchPlan}[segment](self, segment)


class BatchPlan(Batch):
    """The plan of a batch."""

    def __getitem__(self, segment: str) -> Resource:
        raise KeyError(segment)


class Table(Resource):
    """One table."""

    def __init__(self, parent: Tables, name: str, model: Model) -> None:
        super().__init__(parent, name)
        self.attempt = parent.attempt
        self.model = model

    def __getitem__(self, segment: str) -> Resource:
        return _BELOW_TABLE[segment](self, segment)


class RowList(Resource):
    """The rows of a table."""

    def __init__(self, parent: "Table | RowList", name: str) -> None:
        super().__init__(parent, name)
        self.attempt: RequestAttempt = parent.attempt
        self.model: Model = parent.model

    def __getitem__(self, segment: str) -> Resource:
        row_id = parse_id(segment)
        if row_id is None:
            return {"plan": RowsPlan}[segment](self, segment)
        return RowResource(self, segment, row_id)

    @property
    def deprecation(self) -> str | None:
        """The header ``Deprecation`` of all answers here."""
        return deprecation_of(self.attempt, self.model)

    @property
    def rows(self) -> Rows:
        return row_service(self.attempt.catalogue, self.model, self.attempt.scopes)


class QueryResource(RowList):
    """The resource for queries as documents."""

    def __getitem__(self, segment: str) -> Resource:
        raise KeyError(segment)


class Views(QueryResource):
    """The saved views of a table's rows."""

    def __getitem__(self, segment: str) -> Resource:
        return ViewResource(self, segment)


class ViewResource(QueryResource):
    """One saved view; it may not exist."""

    def __getitem__(self, segment: str) -> Resource:
        return {"rows": ViewRows}[segment](self, segment)

    @property
    def view_name(self) -> str:
        return self.__name__


class ViewRows(QueryResource):
    """The rows of a saved view."""

    @property
    def view_name(self) -> str:
        name: str = self.__parent__.__name__
        return name


class RowsPlan(QueryResource):
    """The plan of a file of rows."""


class SingularRowList(RowList):
    """The same under ``row/``, the earlier address, where PUT adds a row as well."""


class RowResource(Resource):
    """One row, which may or may not exist."""

    def __init__(self, parent: RowList, name: str, row_id: int) -> None:
        super().__init__(parent, name)
        self.attempt = parent.attempt
        self.model = parent.model
        self.row_id = row_id

    @property
    def deprecation(self) -> str | None:
        """The header ``Deprecation`` of all answers here."""
        return deprecation_of(self.attempt, self.model)

    @property
    def rows(self) -> Rows:
        return self.__parent__.rows


_BELOW_ROOT: dict[str, type[Resource]] = {
    "table": Tables,
    "rest": Rest,
    "schema": Schema,
    "batch": Batch,
    "trash": TableTrash,
    "health": WholeHealth,
    "field-type": FieldTypesResource,
    "openapi.json": OpenApi,
    "live": Live,
    "ready": Ready,
    "metrics": Metrics,
    **identity_resources.SEGMENTS,
}
_BELOW_TABLE: dict[str, type[Resource]] = {
    "rows": RowList,
    "row": SingularRowList,
    "query": QueryResource,
    "plan": Plan,
    "history": History,
    "quarantine": QuarantineResource,
    "trash": FieldTrash,
    "health": Health,
    "compact": TableCompaction,
    "view": Views,
    "openapi.json": TableOpenApi,
}


def root_factory(request: Request) -> Root:
    """The tree for one attempt at a request."""
    registry = request.registry
    number, deadline = request.environ[ATTEMPT_NUMBER]
    tenant: Tenant | None = registry.dynmodel_tenant
    if tenant is None:
        # That of an earlier attempt proves nothing if the tenant has been dropped meanwhile.
        request.environ.pop(ATTEMPT, None)
        tenant = tenant_for(request, registry.dynmodel_tenants)
        if tenant is None:
            return OperatorsRoot()
    request.environ[TENANT] = tenant
    attempt = RequestAttempt(tenant.catalogue, number, deadline, forget=partial(forget, tenant))
    request.environ[ATTEMPT] = attempt
    if not is_public(request):
        # Now, so that a wrong credential is refused whatever is asked for.
        attempt.came_from(caller_of(request))
        if SENT in request.environ:
            attempt.once = once_of(request, attempt)
    return Root(attempt, registry.dynmodel_page, registry.dynmodel_viewer)
