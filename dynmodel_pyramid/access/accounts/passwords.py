"""Passwords: argon2id (RFC 9106), a few hashes at a time."""

import base64
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from dynmodel_pyramid.errors import Invalid, Problem, TooManyRequests

#: Bytes of UTF-8 that a password has at most, and characters that a new one has at least (NIST SP 800-63B, 3.1.1.2).
MOST, LEAST = 1024, 8
#: Seconds that a request waits until it may hash; and how many of a process may wait at a time. A request that waits
#: has a thread of the server, which others need.
WAIT, MOST_WAITING = 1.0, 1


def _busy() -> TooManyRequests:
    return TooManyRequests("too many passwords are being checked", 1, hint="repeat the request")


@contextmanager
def _acquired(semaphore: threading.BoundedSemaphore, seconds: float) -> Iterator[None]:
    """:raises TooManyRequests: it was not free in time"""
    if not semaphore.acquire(timeout=seconds):
        raise _busy()
    try:
        yield
    finally:
        semaphore.release()


def refuse_bad_password(password: object, pointer: str, *, new: bool) -> str:
    """
    :param new: whether it is to be stored
    :raises Invalid: it is no text, or too long; a new one is too short
    """
    if type(password) is not str:
        raise Invalid([Problem(pointer, "wrong_type", "want a string")])
    try:
        size = len(password.encode())
    except UnicodeEncodeError:
        raise Invalid([Problem(pointer, "unstorable_text", "a lone surrogate has no UTF-8")]) from None
    if size > MOST:
        raise Invalid([Problem(pointer, "too_long", f"want at most {MOST} bytes of UTF-8")])
    if new and len(password) < LEAST:
        raise Invalid([Problem(pointer, "too_short", f"want at least {LEAST} characters")])
    return password


class Passwords:
    """
    :param at_once: how many hashes run at a time; each takes 64 MiB and a core for some 50 ms
    :param hasher: of other parameters than argon2-cffi's own
    """

    def __init__(self, at_once: int, hasher: PasswordHasher | None = None) -> None:
        self.hasher = hasher or PasswordHasher()
        self._free = threading.BoundedSemaphore(at_once)
        self._places = threading.BoundedSemaphore(at_once + MOST_WAITING)
        #: How many turns each address has, and the most that one may have: guessers leave one to the others.
        self._of_addresses: Counter[str] = Counter()
        self._most_of_one = max(1, at_once - 1)
        self._lock = threading.Lock()
        self._nobodys = self._hash_of_nothing()

    def _hash_of_nothing(self) -> str:
        """A hash with today's parameters that no password has; it costs nothing to make."""
        hasher = self.hasher
        salt, digest = (
            base64.b64encode(secrets.token_bytes(length)).decode().rstrip("=")
            for length in (hasher.salt_len, hasher.hash_len)
        )
        cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
        return f"$argon2id$v=19${cost}${salt}${digest}"

    @contextmanager
    def turn(self, address: str | None = None) -> Iterator[Callable[[str | None, str], bool]]:
        """The right to hash, as :meth:`verify` without a turn of its own.

        :param address: whose turn it is; None: somebody's who may have any
        :raises TooManyRequests: too many others are hashing
        """
        with self._share(address), _acquired(self._places, 0), _acquired(self._free, WAIT):
            yield self._verify

    @contextmanager
    def _share(self, address: str | None) -> Iterator[None]:
        if address is None:
            yield
            return
        with self._lock:
            if self._of_addresses[address] >= self._most_of_one:
                raise _busy()
            self._of_addresses[address] += 1
        try:
            yield
        finally:
            with self._lock:
                self._of_addresses[address] -= 1
                if not self._of_addresses[address]:
                    del self._of_addresses[address]

    def hash(self, password: str) -> str:
        """:raises TooManyRequests: too many others are hashing"""
        with self.turn():
            return self.hasher.hash(password)

    def verify(self, stored: str | None, password: str) -> bool:
        """Whether it is the password. One hash is computed in any case, also where there is no user.

        :param stored: the hash; None if there is none
        :raises TooManyRequests: too many others are hashing
        """
        with self.turn() as verify:
            return verify(stored, password)

    def _verify(self, stored: str | None, password: str) -> bool:
        try:
            self.hasher.verify(self._nobodys if stored is None else stored, password)
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Whether today's parameters are others than those that the hash was made with."""
        return self.hasher.check_needs_rehash(stored)
