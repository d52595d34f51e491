"""Keys that are fetched: bounded, seldom, by one thread, and never from elsewhere."""

import threading
import time

import pytest

from dynmodel_pyramid.access import fetching
from dynmodel_pyramid.access.fetching import FetchFailed, fetch
from dynmodel_pyramid.access.jwt import read_keys, verifier
from dynmodel_pyramid.access.keys import GRACE, FetchedKeys, Key, KeySet
from dynmodel_pyramid.errors import Busy, Unauthenticated
from tests.access.signing import AUDIENCE, ISSUER, jwk, jwks, rsa_key, token
from tests.access.small_server import Answer, serving
from tests.web.identity.requests_of import settings_of


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


class Source:
    """Loads sets of keys, and counts."""

    def __init__(self, *names):
        self.names, self.count, self.fails = names, 0, False

    def __call__(self):
        self.count += 1
        if self.fails:
            raise FetchFailed("https://issuer.example: out of order")
        return KeySet(tuple(Key(name, frozenset({"RS256"}), name) for name in self.names))


@pytest.fixture
def clock():
    return Clock()


def wait_for(condition):
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.002)
    assert condition()


def test_an_unknown_key_is_looked_for_once_a_minute(clock):
    source = Source("a")
    keys = FetchedKeys(source, 3600, clock)
    assert keys.find("a", "RS256").value == "a"
    assert source.count == 1
    for _ in range(100):
        assert keys.find("b", "RS256") is None
    assert source.count == 1
    clock.now += 61
    source.names = ("a", "b")
    assert keys.find("b", "RS256").value == "b"
    for _ in range(100):
        assert keys.find("c", "RS256") is None
        assert keys.find(None, "RS256") is None
    assert source.count == 2


def test_old_keys_are_fetched_in_the_background(clock, caplog):
    source = Source("a")
    keys = FetchedKeys(source, 3600, clock)
    keys.find("a", "RS256")
    clock.now += 3601
    source.names = ("b",)
    assert keys.find("a", "RS256").value == "a"
    wait_for(lambda: source.count == 2 and not keys._loading.locked())
    assert keys.find("a", "RS256") is None
    assert keys.find("b", "RS256").value == "b"
    # A provider that is out of order: the keys stay, for a day.
    source.fails = True
    clock.now += 3601
    assert keys.find("b", "RS256").value == "b"
    wait_for(lambda: source.count == 3 and not keys._loading.locked())
    for _ in range(10):
        assert keys.find("b", "RS256").value == "b"
    assert source.count == 3
    assert "out of order" in caplog.text
    clock.now += GRACE
    with pytest.raises(Busy):
        keys.find("b", "RS256")


def test_without_any_keys_the_client_has_to_wait(clock):
    source = Source("a")
    source.fails = True
    keys = FetchedKeys(source, 3600, clock)
    for _ in range(10):
        with pytest.raises(Busy) as raised:
            keys.find("a", "RS256")
    assert source.count == 1
    source.fails = False
    clock.now += raised.value.retry_after
    assert keys.find("a", "RS256").value == "a"


def test_one_thread_fetches_while_others_use_the_old_ones(clock):
    source = Source("a")
    begun, go_on = threading.Event(), threading.Event()

    def load():
        if source.count:
            begun.set()
            go_on.wait(5)
        return source()

    keys = FetchedKeys(load, 3600, clock)
    keys.find("a", "RS256")
    clock.now += 61
    source.names = ("a", "b")
    thread = threading.Thread(target=keys.find, args=("b", "RS256"))
    thread.start()
    try:
        assert begun.wait(5)
        assert keys.find("a", "RS256").value == "a"
        with pytest.raises(Busy):  # it may be a right one: 401 would be final
            keys.find("b", "RS256")
    finally:
        go_on.set()
        thread.join()
    assert keys.find("b", "RS256").value == "b"
    assert source.count == 2


def test_keys_that_are_taken_back_end_remembered_tokens():
    now = [jwks(jwk(rsa_key(), "a"))]
    with serving(lambda asked: Answer(now[0])) as url:
        found = verifier(
            settings_of(jwt_jwks_url=f"{url}/keys", jwt_audience=AUDIENCE, jwt_issuer=ISSUER, insecure_loopback="true")
        )
        first, second = token(rsa_key(), "RS256", "a"), token(rsa_key("second"), "RS256", "b")
        found.identity(first, ())
        now[0] = jwks(jwk(rsa_key("second"), "b"))
        found.identity(first, ())
        found._keys._tried_at -= 61
        found.identity(second, ())
        with pytest.raises(Unauthenticated):
            found.identity(first, ())


# Fetching


def test_an_address_is_fetched():
    with serving(lambda asked: Answer(f"{asked.method} {asked.body.decode()}".encode())) as url:
        assert fetch(url, loopback=True) == b"GET "
        assert fetch(url, loopback=True, form={"a": "b c"}) == b"POST a=b+c"


@pytest.mark.parametrize(
    "url",
    (
        "http://127.0.0.1:1/",
        "file:///etc/passwd",
        "ftp://a.example/",
        "//a.example/",
        "https://",
        "https://u:p@a.example/",
        "https://a.example:x/",
        "https://a.example/ b",
        "https://a.example/\r\nX: y",
        "",
    ),
)
def test_only_https(url):
    with pytest.raises(FetchFailed, match="want"):
        fetch(url)


def test_http_goes_to_this_machine_only():
    for url in ("http://a.example/", "http://localhost.a.example/", "http://192.0.2.1/"):
        with pytest.raises(FetchFailed, match="want https"):
            fetch(url, loopback=True)


@pytest.mark.parametrize("status", (301, 302, 303, 307, 308, 404, 500, 204))
def test_other_answers_fail(status):
    visited = []

    def answer(asked):
        visited.append(asked.path)
        return Answer(b"", status, Location="/elsewhere") if asked.path == "/" else Answer(b"secret")

    with serving(answer) as url, pytest.raises(FetchFailed, match=f"answered {status}"):
        fetch(f"{url}/", loopback=True)
    assert visited == ["/"]


def test_an_answer_is_bounded_in_size_and_time(monkeypatch):
    with (
        serving(lambda asked: Answer(b"x" * (fetching.MOST + 1))) as url,
        pytest.raises(FetchFailed, match="more than"),
    ):
        fetch(url, loopback=True)
    monkeypatch.setattr(fetching, "SECONDS", 0.1)

    def slow(asked):
        time.sleep(0.3)
        return Answer()

    with serving(slow) as url, pytest.raises(FetchFailed, match=r"[Tt]ime"):
        fetch(url, loopback=True)


def test_a_refused_connection_and_nonsense_fail():
    with pytest.raises(FetchFailed, match="127.0.0.1:1/: "):
        fetch("http://127.0.0.1:1/", loopback=True)
    with serving(lambda asked: Answer(b"", Content_Length="x")) as url:
        assert fetch(url, loopback=True) == b""
    with pytest.raises(ValueError):
        read_keys(b"", frozenset({"RS256"}))
