"""The section ``[server:main]``: waitress's settings and ours, parsed and checked.

waitress's settings keep their names and meanings; some have another default here (``DEFAULTS``).
"""

import difflib
import os
import warnings
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from waitress.adjustments import Adjustments

from dynmodel_pyramid.errors import ConfigurationProblem
from dynmodel_pyramid.settings.values import Setting, at_least, seconds

SECTION = "server:main"
#: The environment variable ``DYNMODEL_SERVER_THREADS`` sets ``threads``, and wins over the INI file. So it is with the
#: keys of ``[dynmodel-serve]``, which are others.
PREFIX = "DYNMODEL_SERVER_"
#: The keys of ``[dynmodel-serve]``, which ``scripts.serve_file`` reads.
SERVE_KEYS = ("processes", "graceful_timeout", "worker_timeout", "preload")
#: Where to listen. The sockets are bound before the server is made; in dynmodel-serve another process binds them.
LISTEN_KEYS = frozenset({"host", "port", "listen", "ipv4", "ipv6", "unix_socket", "unix_socket_perms"})
#: waitress's settings that have another default here.
DEFAULTS: dict[str, str] = {
    "asyncore_use_poll": "true",  # select() fails above 1,024 open files
    "connection_limit": "640",  # eight addresses with 80 each: below 1,024 open files, a usual limit
    "cleanup_interval": "1",  # how often clients are looked at
    "outbuf_overflow": str(256 * 1024),  # of one answer: bytes in memory, before the temporary file
    "outbuf_high_watermark": str(256 * 1024 * 1024),  # of one answer: bytes in memory and in the file
}


def page(text: str) -> str:
    text = text.strip()
    if text and (not text.startswith("/") or text.endswith("/")):
        raise ValueError("want a path that begins with a slash and does not end with one, or nothing")
    return text


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "spool_total",
        at_least(1),
        1024 * 1024 * 1024,
        "Bytes that all answers of a process together may have in temporary files.",
    ),
    Setting(
        "answer_slots",
        at_least(0),
        None,
        "How many answers may wait for their clients, each with its thread, because they are beyond the bounds of "
        "temporary files. Fewer than threads; by default half of them. An answer that finds no slot is aborted.",
    ),
    Setting(
        "header_timeout",
        seconds,
        20.0,
        "Seconds that a client has to send the headers of a request, from their first byte on, and to begin its "
        "first request after it has connected.",
    ),
    Setting("body_timeout", seconds, 900.0, "Seconds that a client has to send the body of a request."),
    Setting("body_rate", at_least(0), 1024, "Bytes a second that a client must send of a body. 0: any number."),
    Setting("answer_timeout", seconds, 21_600.0, "Seconds that an answer may wait for its client to take all of it."),
    Setting(
        "answer_rate", at_least(0), 1024, "Bytes a second that a client must take of an answer that waits. 0: any."
    ),
    Setting("rate_window", seconds, 20.0, "Seconds over which body_rate and answer_rate are averaged."),
    Setting(
        "connections_per_address",
        at_least(1),
        None,
        "Connections that one client address may have; by default an eighth of connection_limit, but at least 8. "
        "Behind a trusted proxy: requests of one client at a time.",
    ),
    Setting(
        "live_page",
        page,
        "/live",
        "The path, below url_prefix, that the server itself answers: it says that the process lives. Empty: none.",
    ),
    Setting(
        "ready_page",
        page,
        "/ready",
        "The path, below url_prefix, that the application answers in a thread kept for it. Empty: none.",
    ),
    Setting(
        "metrics_page",
        page,
        "/metrics",
        "The path, below url_prefix, that the server itself answers where dynmodel.metrics is on. Empty: none.",
    ),
    Setting("page_timeout", seconds, 5.0, "Seconds after which ready_page is answered 503 in the application's stead."),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """The parsed section.

    ``waitress`` holds waitress's settings as text, with our defaults; those of ``LISTEN_KEYS`` stand in ``listen``.
    """

    waitress: Mapping[str, str]
    listen: Mapping[str, str]
    spool_total: int
    answer_slots: int
    header_timeout: float
    body_timeout: float
    body_rate: int
    answer_timeout: float
    answer_rate: int
    rate_window: float
    connections_per_address: int
    live_page: str
    ready_page: str
    metrics_page: str
    page_timeout: float
    adjustments: Adjustments = field(compare=False)


def from_environment(section: Mapping[str, str], keys: Iterable[str]) -> dict[str, str]:
    """A section with the variables of the environment that set some of its keys; empty ones count as not set."""
    given = {key: os.environ[PREFIX + key.upper()] for key in keys if os.environ.get(PREFIX + key.upper())}
    # One place to listen replaces those of the file, however they are named.
    replaced = LISTEN_KEYS if LISTEN_KEYS & given.keys() else frozenset()
    return {**{key: text for key, text in section.items() if key not in replaced}, **given}


def _refuse_unknown_variables(keys: Collection[str]) -> None:
    for variable in sorted(os.environ):
        key = variable.removeprefix(PREFIX).lower()
        if variable.startswith(PREFIX) and key not in keys:
            near = difflib.get_close_matches(key, keys, n=1)
            raise ConfigurationProblem(
                f"the environment has an unknown variable {variable}"
                + (f"; did you mean {PREFIX}{near[0].upper()}?" if near else ""),
                hint="docs/serving.md lists all keys",
            )


def parse(raw: Mapping[str, str]) -> Limits:
    """
    :param raw: the section without ``use``
    :raises ConfigurationProblem: naming an unknown key, or a variable of the environment, or a bad value
    """
    own = {setting.name: setting for setting in SETTINGS}
    theirs = {key: parse for key, parse in Adjustments._param_map.items() if key != "sockets"}
    _refuse_unknown_variables([*own, *theirs, *SERVE_KEYS])
    raw = from_environment(raw, [*own, *theirs])
    values: dict[str, Any] = {setting.name: setting.default for setting in SETTINGS}
    waitress: dict[str, str] = {}
    for key, text in raw.items():
        if key in own:
            values[key] = _parsed(key, text, own[key].parse)
        elif key in theirs:
            _parsed(key, text, theirs[key])
            waitress[key] = text
        else:
            near = difflib.get_close_matches(key, [*own, *theirs], n=1)
            raise ConfigurationProblem(
                f"[{SECTION}] has an unknown key {key}" + (f"; did you mean {near[0]}?" if near else ""),
                hint="docs/serving.md lists all keys",
            )
    waitress = {**DEFAULTS, **waitress}
    adjustments = _adjustments(waitress)
    slots = values["answer_slots"]
    if slots is None:
        values["answer_slots"] = adjustments.threads // 2
    elif slots >= adjustments.threads:
        raise ConfigurationProblem(
            f"[{SECTION}] answer_slots = {slots}: want fewer than threads, which is {adjustments.threads}"
        )
    if values["connections_per_address"] is None:
        values["connections_per_address"] = max(8, adjustments.connection_limit // 8)
    return Limits(
        waitress={key: text for key, text in waitress.items() if key not in LISTEN_KEYS},
        listen={key: text for key, text in waitress.items() if key in LISTEN_KEYS},
        adjustments=adjustments,
        **values,
    )


def _parsed(key: str, text: str, parse: Callable[[str], Any]) -> Any:
    try:
        return parse(text)
    except ValueError as error:
        raise ConfigurationProblem(f"[{SECTION}] {key} = {text}: {error}") from None


def _adjustments(waitress: Mapping[str, str]) -> Adjustments:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # shown when the server is made
            adjustments = Adjustments(**waitress)
    except ValueError as error:
        raise ConfigurationProblem(f"[{SECTION}]: {error}") from None
    if adjustments.threads < 1:
        raise ConfigurationProblem(f"[{SECTION}] threads = {adjustments.threads}: want a whole number, at least 1")
    return adjustments
