"""The model of the access race: who may do what in each state of access, and the random changes between states."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

Document = dict[str, Any]

TEAMS = ("red", "green", "blue")
TENANTS = ("acme", "bolt")
#: Rows that stand there from the start, and are never deleted.
SEEDED = 120
#: How a grant may be limited, as the product and as this model write it.
CONDITIONS: dict[str, str | bool] = {
    "all": True,
    "own": "owner=eq.{user.id}",
    "team": "team.name=in.{user.claims.teams}",
    "tenant": "tenant=eq.{user.claims.tenant}",
}


@dataclass(frozen=True, slots=True)
class Row:
    """What access asks of a row; it never changes, and the row's text tells it."""

    owner: int  # the number of a user
    team: int  # 1 to 3
    tenant: str
    secret: str

    @property
    def text(self) -> str:
        return f"{self.owner}/{self.team}/{self.tenant}/{self.secret}"

    @classmethod
    def of_text(cls, text: str) -> "Row":
        owner, team, tenant, secret = text.split("/")
        return cls(int(owner), int(team), tenant, secret)

    def document(self, writer: int, number: int) -> Document:
        return {
            **{"owner": f"user:{self.owner}", "team": self.team, "tenant": self.tenant, "secret": self.secret},
            **{"text": self.text, "writer": writer, "n": number},
        }


@dataclass(frozen=True, slots=True)
class Read:
    condition: str
    shows_secret: bool


@dataclass(frozen=True, slots=True)
class Role:
    """Grants on the table of the race. A role without ``read`` has none at all, so that the table is not there."""

    read: tuple[Read, ...] = ()
    create: str | None = None
    update: str | None = None
    delete: str | None = None

    def document(self) -> Document:
        tables: Document = {"Team": {"read": True}}
        if self.read:
            grants: Document = {
                "read": [
                    {"rows": CONDITIONS[each.condition], "fields": ["*"] if each.shows_secret else ["*", "-secret"]}
                    for each in self.read
                ]
            }
            for action in ("create", "update", "delete"):
                condition = getattr(self, action)
                if condition is not None:
                    grants[action] = {"check" if action == "create" else "rows": CONDITIONS[condition]}
            tables["Note"] = grants
        return {"tables": tables}


@dataclass(frozen=True, slots=True)
class User:
    number: int
    roles: frozenset[str]
    teams: tuple[str, ...]
    tenant: str | None
    disabled: bool = False

    def claims(self) -> Document:
        return {"teams": list(self.teams)} | ({} if self.tenant is None else {"tenant": self.tenant})


@dataclass(frozen=True, slots=True)
class State:
    """All that is in force at a moment. ``tokens`` maps the numbers of tokens to their users and narrowing."""

    roles: dict[str, Role]
    users: dict[int, User]
    tokens: dict[int, tuple[int, bool]]

    def sight(self, token: int) -> "Sight | None":
        """What a token may do; None: it is not let in."""
        found = self.tokens.get(token)
        if found is None or self.users[found[0]].disabled:
            return None
        user = self.users[found[0]]
        roles = [self.roles[name] for name in sorted(user.roles) if self.roles[name].read]
        return Sight(user, roles, read_only=found[1])


@dataclass(frozen=True, slots=True)
class Sight:
    """What a user may do, by plain evaluation of one row after the other."""

    user: User
    roles: list[Role]
    read_only: bool

    def holds(self, condition: str, row: Row) -> bool:
        user = self.user
        return {
            "all": True,
            "own": row.owner == user.number,
            "team": TEAMS[row.team - 1] in user.teams,
            "tenant": user.tenant is not None and row.tenant == user.tenant,
        }[condition]

    def is_in_force(self, condition: str | None) -> bool:
        """Whether a grant with this condition holds at all: not where a claim that it needs is absent or empty."""
        return {
            **{None: False, "all": True, "own": True},
            **{"team": bool(self.user.teams), "tenant": self.user.tenant is not None},
        }[condition]

    def may(self, action: str) -> bool:
        """Whether some grant is in force."""
        return not self.read_only and any(self.is_in_force(getattr(role, action)) for role in self.roles)

    @property
    def sees_table(self) -> bool:
        return bool(self.roles)

    @property
    def knows_secret(self) -> bool:
        """Whether the field exists for the user."""
        return any(read.shows_secret and self.is_in_force(read.condition) for role in self.roles for read in role.read)

    def reads(self, row: Row) -> bool:
        return any(self.holds(read.condition, row) for role in self.roles for read in role.read)

    def reads_secret(self, row: Row) -> bool:
        return any(read.shows_secret and self.holds(read.condition, row) for role in self.roles for read in role.read)

    def writes(self, action: str, row: Row) -> bool:
        granted = [getattr(role, action) for role in self.roles]
        return not self.read_only and any(held is not None and self.holds(held, row) for held in granted)


@dataclass(slots=True)
class Change:
    """A change of access that has been sent; times are of ``time.monotonic``.

    :param state: what is in force after it
    :param answered: infinite until the answer has come
    """

    kind: str
    state: State
    begun: float
    answered: float = float("inf")


@dataclass(frozen=True, slots=True)
class Step:
    """A change to be sent. ``after`` gets the answer, and gives the new state."""

    kind: str
    method: str
    path: str
    body: Document | None
    after: Callable[[Document | None], State]
    #: The user whose next token is in the answer.
    new_token: int | None = None


@dataclass
class Granter:
    """Thinks of changes."""

    chance: random.Random
    kinds: list[str] = field(
        default_factory=lambda: ["grants"] * 6 + ["roles"] * 4 + ["claims"] * 4 + ["disable"] * 3 + ["token"] * 3
    )

    def next(self, state: State) -> Iterator[Step]:
        """One change, or two: a token that is revoked is followed by a new one."""
        kind = self.chance.choice(self.kinds)
        yield from getattr(self, f"_{kind}")(state)

    def role(self) -> Role:
        chance = self.chance
        if chance.random() < 0.08:
            return Role()
        conditions = chance.sample(sorted(CONDITIONS), chance.choice((1, 1, 2)))
        actions = {action: chance.choice((None, *CONDITIONS, "own")) for action in ("create", "update", "delete")}
        return Role(tuple(Read(condition, chance.random() < 0.5) for condition in conditions), **actions)

    def _grants(self, state: State) -> Iterator[Step]:
        name, role = self.chance.choice(sorted(state.roles)), self.role()
        after = replace(state, roles={**state.roles, name: role})
        yield Step("grants", "PUT", f"/access/role/{name}/", role.document(), lambda answer: after)

    def _user(self, kind: str, state: State, user: User, body: Document) -> Step:
        after = replace(state, users={**state.users, user.number: user})
        return Step(kind, "PATCH", f"/user/{user.number}/", body, lambda answer: after)

    def _roles(self, state: State) -> Iterator[Step]:
        user = state.users[self.chance.choice(sorted(state.users))]
        names = sorted(state.roles)
        roles = frozenset(self.chance.sample(names, self.chance.choice((0, 1, 2, 2, 3))))
        yield self._user("roles", state, replace(user, roles=roles), {"roles": sorted(roles)})

    def _claims(self, state: State) -> Iterator[Step]:
        user = state.users[self.chance.choice(sorted(state.users))]
        teams = tuple(sorted(self.chance.sample(TEAMS, self.chance.choice((0, 1, 1, 2)))))
        user = replace(user, teams=teams, tenant=self.chance.choice((None, *TENANTS)))
        yield self._user("claims", state, user, {"claims": user.claims()})

    def _disable(self, state: State) -> Iterator[Step]:
        out = [user for user in state.users.values() if user.disabled]
        user = self.chance.choice(out or list(state.users.values()))
        kind = "enable" if user.disabled else "disable"
        yield self._user(kind, state, replace(user, disabled=not user.disabled), {"disabled": not user.disabled})

    def _token(self, state: State) -> Iterator[Step]:
        token = self.chance.choice(sorted(state.tokens))
        number, read_only = state.tokens[token]
        left = {other: of for other, of in state.tokens.items() if other != token}
        gone = replace(state, tokens=left)
        yield Step("revoke", "DELETE", f"/token/{token}/", None, lambda answer: gone)
        body = {"name": f"of {number}", "user": number, "read_only": read_only, "roles": sorted(state.roles)}

        def with_token(answer: Document | None) -> State:
            if answer is None:
                return gone  # nobody knows its secret yet
            return replace(gone, tokens={**left, answer["id"]: (number, read_only)})

        yield Step("new token", "POST", "/token/", body, with_token, new_token=number)
