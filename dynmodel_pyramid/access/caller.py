"""Who makes an attempt at a request, and the roles and grants that it runs under."""

from dataclasses import dataclass

from dynmodel_pyramid.access.grants import DEFINITIONS, NO_GRANTS, Access, TableGrants
from dynmodel_pyramid.access.identity import ADMIN, AUTHENTICATED, EVERYONE, Identity
from dynmodel_pyramid.errors import Forbidden, Unauthenticated


@dataclass(frozen=True, slots=True)
class Caller:
    """
    :param access: all roles, as they were when the identity was found
    :param stamp: the access stamp of that moment (:class:`dynmodel_pyramid.database.State`), which the attempt proves;
        None for the console, which needs no proof
    """

    identity: Identity
    access: Access
    stamp: str | None

    @property
    def is_admin(self) -> bool:
        """Whether it may do everything with everything."""
        narrowing = self.identity.narrowing
        return self.identity.is_admin and narrowing.tables is None and not narrowing.read_only

    @property
    def definitions(self) -> str:
        """The most that it may do with definitions: one of :data:`DEFINITIONS`."""
        narrowing = self.identity.narrowing
        allowed = self.access.definitions(self.identity.roles)
        if narrowing.tables is not None:
            return DEFINITIONS[0]
        return min(allowed, "read", key=DEFINITIONS.index) if narrowing.read_only else allowed

    def grants(self, table_id: int) -> TableGrants:
        """Its grants on a table, without regard to ``admin``."""
        narrowing = self.identity.narrowing
        if narrowing.tables is not None and table_id not in narrowing.tables:
            return NO_GRANTS
        grants = self.access.grants(self.identity.roles, table_id)
        return TableGrants(read=grants.read) if narrowing.read_only else grants

    def refused(self, what: str) -> Unauthenticated | Forbidden:
        """The error for an action that it may not take.

        :param what: the rest of a sentence that begins with "this identity may not"
        """
        if self.identity.is_anonymous:
            return Unauthenticated(
                "this needs a credential", hint="send a token: Authorization: Bearer dyn_..., or sign in"
            )
        return Forbidden(f"this identity may not {what}", hint="GET /me/ shows what it may do")


#: Scripts and shells on the server itself.
CONSOLE = Caller(
    Identity("host", None, "console", roles=frozenset({EVERYONE, AUTHENTICATED, ADMIN})), Access(), stamp=None
)
