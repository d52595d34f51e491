"""What an identity may do, as one digest: equal digests mean equal rights."""

import hashlib
import json
from collections.abc import Mapping, Set
from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import Any

from dynmodel_pyramid.access.caller import Caller
from dynmodel_pyramid.access.grants import Access

#: Claims of a JSON Web Token that each new token has anew (RFC 7519, section 4.1).
_OF_THE_TOKEN = frozenset({"exp", "iat", "nbf", "jti", "auth_time"})


def rights_of(caller: Caller) -> str:
    """The digest of a caller's roles, with all that they grant, and of its claims and narrowing."""
    identity = caller.identity
    if caller.is_admin:
        return _digest("admin")
    claims = {name: value for name, value in identity.claims.items() if name not in _OF_THE_TOKEN}
    return _digest([_of_roles(_Same(caller.access)), identity.roles, claims, identity.narrowing])


class _Same:
    """All roles at one moment, as a key of the cache: their stamp stands for them."""

    def __init__(self, access: Access) -> None:
        self.access = access

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.access.stamp == self.access.stamp

    def __hash__(self) -> int:
        return hash(self.access.stamp)


@lru_cache(4)
def _of_roles(same: _Same) -> str:
    return _digest(same.access.roles)


def _digest(value: Any) -> str:
    return hashlib.sha256(_text(value).encode(errors="surrogatepass")).hexdigest()


def _text(value: Any) -> str:
    """A text that is the same in every process for equal values."""
    if is_dataclass(value) and not isinstance(value, type):
        return f"{type(value).__name__}({','.join(_text(getattr(value, each.name)) for each in fields(value))})"
    if isinstance(value, Mapping):
        return "{" + ",".join(sorted(f"{_text(key)}:{_text(item)}" for key, item in value.items())) + "}"
    if isinstance(value, Set):
        return "{" + ",".join(sorted(map(_text, value))) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_text, value)) + "]"
    return json.dumps(value, default=repr)
