"""The keys of JSON Web Tokens: a secret, or public keys of a file or an address (JWK Set, RFC 7517).

A key serves only the algorithms of its kind. So no token chooses how it is verified: with a public key there is no
HS256, and with a secret nothing else. ``jku``, ``x5u`` and ``jwk`` in a token's header are never read.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from dynmodel_pyramid.errors import Busy
from dynmodel_pyramid.nesting import loads

log = logging.getLogger(__name__)

SYMMETRIC = frozenset({"HS256", "HS384", "HS512"})
_RSA = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
#: (kty, crv) -> the algorithms of such keys (RFC 7518, 3.1; RFC 8037).
_OF_KIND = {
    ("RSA", None): _RSA,
    ("EC", "P-256"): frozenset({"ES256"}),
    ("EC", "P-384"): frozenset({"ES384"}),
    ("EC", "P-521"): frozenset({"ES512"}),
    ("OKP", "Ed25519"): frozenset({"EdDSA"}),
}
ASYMMETRIC = frozenset().union(*_OF_KIND.values())
#: Bits of the smallest RSA key (RFC 7518, 3.3), and how many keys a set may have.
SMALLEST_RSA, MOST_KEYS = 2048, 100
#: Seconds between two fetches; between two while there are no keys at all; for which keys are used beyond their age.
REFETCH, RETRY, GRACE = 60.0, 10.0, 86_400.0


@dataclass(frozen=True, slots=True)
class Key:
    """
    :param kid: its name, as tokens give it
    :param value: as PyJWT takes it
    """

    kid: str | None
    algorithms: frozenset[str]
    value: Any


@dataclass(frozen=True, slots=True, eq=False)
class KeySet:
    """Keys that belong together; a set that is loaded again is another one."""

    keys: tuple[Key, ...]

    def find(self, kid: str | None, algorithm: str) -> Key | None:
        """The key of that name for an algorithm; without a name the only one for it."""
        found = [key for key in self.keys if algorithm in key.algorithms and kid in (None, key.kid)]
        return found[0] if len(found) == 1 else None


class Keys(Protocol):
    """Where keys come from."""

    def current(self) -> KeySet:
        """:raises Busy: there are none yet"""

    def find(self, kid: str | None, algorithm: str) -> Key | None:
        """:raises Busy: they are being fetched"""


class Secret:
    """One secret for everything."""

    def __init__(self, secret: str, algorithms: frozenset[str]) -> None:
        self._set = KeySet((Key(None, algorithms & SYMMETRIC, secret.encode()),))

    def current(self) -> KeySet:
        return self._set

    def find(self, kid: str | None, algorithm: str) -> Key | None:
        return self._set.find(None, algorithm)  # whoever signs may name it


def parse(data: bytes, algorithms: frozenset[str], jwk: Callable[[dict[str, Any]], Any]) -> KeySet:
    """The usable keys of a JWK Set; others are passed over (RFC 7517, section 5).

    :param algorithms: those that are allowed at all
    :param jwk: makes a key of one document, as PyJWT takes it; may raise any error
    :raises ValueError: it is no JWK Set, or no key of it is usable
    """
    try:
        documents = loads(data)["keys"]
    except (ValueError, TypeError, KeyError):
        raise ValueError("want a JWK Set: a JSON object with keys") from None
    if not isinstance(documents, list) or len(documents) > MOST_KEYS:
        raise ValueError(f"want an array of at most {MOST_KEYS} keys")
    keys = [key for document in documents if (key := _key(document, algorithms, jwk)) is not None]
    if not keys:
        raise ValueError("none of its keys is for " + " or ".join(sorted(algorithms)))
    return KeySet(tuple(keys))


def _key(document: Any, algorithms: frozenset[str], jwk: Callable[[dict[str, Any]], Any]) -> Key | None:
    if not isinstance(document, dict) or "d" in document:  # a private key that is published is nobody's any more
        return None
    kind, curve = document.get("kty"), document.get("crv")
    if not isinstance(kind, str) or not isinstance(curve, str | None):
        return None
    own = _OF_KIND.get((kind, None if kind == "RSA" else curve))
    if own is None or document.get("use", "sig") != "sig":
        return None
    operations = document.get("key_ops")
    if operations is not None and (not isinstance(operations, list) or "verify" not in operations):
        return None
    if "alg" in document:
        own = own & {document["alg"]} if isinstance(document["alg"], str) else frozenset()
    kid = document.get("kid")
    if not own & algorithms or not isinstance(kid, str | None):
        return None
    try:
        value = jwk(document)
    except Exception as error:
        log.warning("a key of the JWK Set is passed over: %s", type(error).__name__)
        return None
    if kind == "RSA" and value.key_size < SMALLEST_RSA:
        log.warning("a key of the JWK Set is passed over: RSA with %d bits", value.key_size)
        return None
    return Key(kid, own & algorithms, value)


class FileKeys:
    """The keys of a file, which is read again when it has changed, looked at once a second.

    :param read: the bytes of a file -> keys; raises ValueError
    :raises OSError: the file can't be read
    :raises ValueError: it has no keys
    """

    def __init__(self, path: Path, read: Callable[[bytes], KeySet]) -> None:
        self._path, self._read = path, read
        self._lock = threading.Lock()
        self._mark = self._look()
        self._set = read(path.read_bytes())
        self._next = time.monotonic() + 1

    def _look(self) -> tuple[int, int, int]:
        found = self._path.stat()
        return found.st_mtime_ns, found.st_size, found.st_ino

    def current(self) -> KeySet:
        if time.monotonic() >= self._next and self._lock.acquire(blocking=False):
            try:
                self._next = time.monotonic() + 1
                mark = self._look()
                if mark != self._mark:
                    self._set, self._mark = self._read(self._path.read_bytes()), mark
            except (OSError, ValueError) as error:
                log.warning("%s: %s; the keys that were read before stay in use", self._path, error)
            finally:
                self._lock.release()
        return self._set

    def find(self, kid: str | None, algorithm: str) -> Key | None:
        return self.current().find(kid, algorithm)


class FetchedKeys:
    """The keys of an address. One thread fetches them, while others use those that are there.

    They are fetched when they are first needed; again in the background when they are too old, and at most once a
    minute when a token names an unknown key. Call it outside of transactions.

    :param load: fetches and reads them; raises any error
    :param max_age: seconds
    """

    def __init__(self, load: Callable[[], KeySet], max_age: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._load, self._max_age, self._clock = load, max_age, clock
        self._loading = threading.Lock()
        self._set: KeySet | None = None
        self._loaded_at = self._tried_at = float("-inf")

    def current(self) -> KeySet:
        now, known = self._clock(), self._set
        age = now - self._loaded_at
        if known is None or age > self._max_age + GRACE:
            self._refreshed(now, RETRY)
            if self._set is None or now - self._loaded_at > self._max_age + GRACE:
                raise Busy("the keys of JSON Web Tokens can't be fetched at the moment", retry_after=int(RETRY))
            return self._set
        if age > self._max_age and now - self._tried_at >= REFETCH and not self._loading.locked():
            threading.Thread(target=self._refreshed, args=(now, REFETCH), name="fetch-keys", daemon=True).start()
        return known

    def find(self, kid: str | None, algorithm: str) -> Key | None:
        known = self.current()
        key = known.find(kid, algorithm)
        if key is not None or kid is None:
            return key
        if not self._refreshed(self._clock(), REFETCH):
            raise Busy("the keys of JSON Web Tokens are being fetched")
        return (self._set or known).find(kid, algorithm)

    def _refreshed(self, now: float, interval: float) -> bool:
        """Fetch them, unless it was tried less than so many seconds ago; false while another thread does it."""
        if not self._loading.acquire(blocking=False):
            return False
        try:
            if now - self._tried_at >= interval:
                self._tried_at = now
                found = self._load()
                self._set, self._loaded_at = found, self._clock()
        except Exception as error:
            log.warning("the keys of JSON Web Tokens can't be fetched: %s", error)
        finally:
            self._loading.release()
        return True
