"""The INI file of ``dynmodel-serve``: its section, the server's, and the application."""

import configparser
import difflib
import os
from collections.abc import Mapping
from typing import Any
from wsgiref.types import WSGIApplication

import plaster

from dynmodel_pyramid.errors import ConfigurationProblem
from dynmodel_pyramid.scripts.child import Plan
from dynmodel_pyramid.server.settings import from_environment, parse
from dynmodel_pyramid.settings.values import Setting, at_least, boolean, seconds

SECTION = "dynmodel-serve"
SHORTEST_WORKER_TIMEOUT = 3.0  # a worker sends a message about once a second
#: The value of ``preload`` by which no template stays.
ONCE = "once"


def worker_timeout(text: str) -> float:
    wanted = 0.0 if text.strip() == "0" else seconds(text)
    if 0 < wanted < SHORTEST_WORKER_TIMEOUT:
        raise ValueError(f"want 0, or at least {SHORTEST_WORKER_TIMEOUT:g} seconds")
    return wanted


def preload(text: str) -> bool | str:
    return ONCE if text.strip().lower() == ONCE else boolean(text)


SETTINGS = (
    Setting("processes", at_least(1), None, "How many worker processes; by default one for each core."),
    Setting(
        "graceful_timeout",
        seconds,
        30.0,
        "Seconds that a worker which is told to stop has to finish the requests it has begun.",
    ),
    Setting(
        "worker_timeout",
        worker_timeout,
        30.0,
        "Seconds after which a worker that no longer answers is killed and replaced. 0: never.",
    ),
    Setting(
        "preload",
        preload,
        None,
        "Whether the application is loaded once, in a process from which the workers are forked (Linux). By default "
        "only this package's own application is. once: that process ends when they are ready, for less memory.",
    ),
)
#: The values of ``use`` in ``[app:main]`` that may be preloaded without being asked: nothing of it minds a fork.
PRELOADED = ("egg:dynmodel_pyramid", "egg:dynmodel_pyramid#main")
#: The values of ``use`` in ``[server:main]``. The same server serves files that were written for waitress.
USES = ("egg:dynmodel_pyramid#server", "egg:waitress", "egg:waitress#main")


class IniFile:
    """An INI file (a path, or any URI that plaster loads) with the variables of the command line."""

    def __init__(self, uri: str, variables: list[str]) -> None:
        self.uri = uri
        self.variables = {"__script__": SECTION}
        for variable in variables:
            name, equals, value = variable.partition("=")
            if not equals:
                raise ConfigurationProblem(f"{variable}: want name=value")
            self.variables[name] = value

    def plan(self, processes: int | None = None) -> Plan:
        """Read and check everything but the application; ``processes`` overrides the file.

        :raises ConfigurationProblem: naming the file and the fault
        """
        try:
            loader = self._loader()
            section = loader.get_settings(SECTION, self.variables)
            own = parse_own(from_environment(section, [setting.name for setting in SETTINGS]))
            server = dict(loader.get_settings("server:main", self.variables))
            use = server.pop("use", None)
            if use not in USES:
                raise ValueError(f"[server:main] has use = {use}; this command wants use = {USES[0]}")
            limits = parse(server)
        except ConfigurationProblem as problem:
            raise ConfigurationProblem(f"{self.uri}: {problem}") from problem
        except (OSError, ValueError, LookupError, configparser.Error, plaster.PlasterError) as error:
            raise ConfigurationProblem(f"{self.uri}: {error}") from error
        given = own["preload"]
        if given is None:
            given = loader.get_settings("app:main", self.variables).get("use") in PRELOADED
        timeouts = own["graceful_timeout"], own["worker_timeout"]
        return Plan(processes or own["processes"] or cores(), *timeouts, limits, bool(given), given != ONCE)

    def writes_json(self) -> bool:
        """Whether ``dynmodel.log_format`` says so, for the parent's own lines; the application checks it."""
        given = os.environ.get("DYNMODEL_LOG_FORMAT")
        return (given or self._loader().get_settings("app:main", self.variables).get("dynmodel.log_format")) == "json"

    def load_application(self) -> WSGIApplication:
        """Set up logging as the file says, then load the WSGI application."""
        loader = self._loader()
        loader.setup_logging(self.variables)
        application: WSGIApplication = loader.get_wsgi_app(None, self.variables)
        return application

    def _loader(self) -> Any:
        return plaster.get_loader(self.uri, protocols=["wsgi"])


def parse_own(raw: Mapping[str, str]) -> dict[str, Any]:
    """The section ``[dynmodel-serve]``, parsed.

    :raises ValueError: naming an unknown key or a bad value
    """
    known = {setting.name: setting for setting in SETTINGS}
    for key in raw:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            raise ValueError(
                f"[{SECTION}] has an unknown key {key}; "
                + (f"did you mean {near[0]}?" if near else "known are " + ", ".join(known))
            )
    values = {}
    for name, setting in known.items():
        try:
            values[name] = setting.parse(raw[name]) if name in raw else setting.default
        except ValueError as error:
            raise ValueError(f"[{SECTION}] {name} = {raw[name]}: {error}") from None
    return values


def cores() -> int:
    """How many cores this process may use (on Linux its affinity, which containers and ``taskset`` narrow)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
