"""Who a request comes from: anonymous, a token, a user, a bearer JWT, or what a host application says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

#: Every identity has the first role, every identity but anonymous the second; the third may do everything.
EVERYONE, AUTHENTICATED, ADMIN = "everyone", "authenticated", "admin"
#: Roles that exist without being defined. Grants can be given to the first two; the last one needs none.
BUILT_IN_ROLES = frozenset({EVERYONE, AUTHENTICATED, ADMIN})

Kind = Literal["anonymous", "open", "token", "user", "jwt", "host"]


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What a token takes away from its roles: it never gives anything.

    :param tables: the ids of the tables that it is for; None for all
    :param read_only: it changes nothing
    """

    tables: frozenset[int] | None = None
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Credential:
    """The row of a token or of a session, which has to be there when an answer is proven.

    :param kind: of the system table: ``token`` or ``session``
    :param id: of the row
    :param expires: the time (of ``time.time``) from which it is void; None for never
    """

    kind: Literal["token", "session"]
    id: int
    expires: float | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """
    :param kind: how it is known
    :param id: stable and namespaced: ``token:3``, ``user:7``, ``jwt:issuer|subject``, ``host:x``; None of
        anonymous, and of whoever sends no credential in open mode
    :param name: for people
    :param roles: the names of all its roles, the built-in ones included
    :param claims: JSON values by name; conditions of grants compare with them
    :param credential: what proves it, if that is stored here
    """

    kind: Kind
    id: str | None
    name: str | None = None
    email: str | None = None
    roles: frozenset[str] = frozenset({EVERYONE})
    claims: Mapping[str, Any] = field(default_factory=dict, hash=False)
    narrowing: Narrowing = Narrowing()
    credential: Credential | None = None

    @property
    def is_admin(self) -> bool:
        return ADMIN in self.roles

    @property
    def is_anonymous(self) -> bool:
        return self.kind == "anonymous"


ANONYMOUS = Identity("anonymous", None)
#: Who sends no credential in open mode.
OPEN = Identity("open", None, roles=frozenset({EVERYONE, AUTHENTICATED, ADMIN}))
