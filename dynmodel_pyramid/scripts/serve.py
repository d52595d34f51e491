"""``dynmodel-serve``: serve an INI file with several processes on one listening socket.

    dynmodel-serve [--processes N] production.ini [name=value ...]

Reads the same file as ``pserve``: ``[server:main]`` says where to listen and holds the server's settings,
``[app:main]`` the application, ``[dynmodel-serve]`` the settings of this command (``SETTINGS`` below).
Any Pyramid application will do; docs/serving.md tells how to use it.

This module reads the command line and the file; ``supervisor`` is the parent process, ``template`` and ``worker`` are
its children. POSIX only.
"""

import argparse
import configparser
import difflib
import functools
import logging
import os
import sys
from collections.abc import Mapping
from typing import Any
from wsgiref.types import WSGIApplication

import plaster
from waitress.utilities import cleanup_unix_socket

from dynmodel_pyramid.errors import ConfigurationProblem
from dynmodel_pyramid.scripts.child import Plan
from dynmodel_pyramid.scripts.supervisor import Supervisor
from dynmodel_pyramid.server.balance import share
from dynmodel_pyramid.server.factory import bind
from dynmodel_pyramid.server.settings import from_environment, parse
from dynmodel_pyramid.settings.values import Setting, at_least, boolean, seconds
from dynmodel_pyramid.telemetry import measuring
from dynmodel_pyramid.telemetry.lines import write_json
from dynmodel_pyramid.telemetry.memory import share as share_metrics

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


def process_command(
    module: str, uri: str, variables: list[str], plan: Plan, control: int, sockets: list[int]
) -> list[str]:
    """How to start a worker or a template: a new interpreter, so that a reload brings new code.

    :param module: ``worker`` or ``template``
    """
    # -m puts the working directory on the import path; the console script did not, so keep it off there.
    safe = [] if {"", os.getcwd()} & set(sys.path) else ["-P"]
    return [
        *(sys.executable, *safe, "-m", f"dynmodel_pyramid.scripts.{module}"),
        *(f"--control={control}", f"--graceful-timeout={plan.graceful_timeout}"),
        *(f"--worker-timeout={plan.worker_timeout}", f"--processes={plan.processes}"),
        *(f"--socket={number}" for number in sockets),
        *(uri, *variables),
    ]


def main(argv: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; 0 after a graceful stop, 1 when it could not start."""
    parser = argparse.ArgumentParser(prog="dynmodel-serve", description=__doc__.partition("\n")[0])
    parser.add_argument("--processes", type=at_least(1), metavar="N", help=SETTINGS[0].help)
    parser.add_argument("config_uri", help="the INI file")
    parser.add_argument("variables", nargs="*", metavar="name=value", help="variables that the INI file wants")
    arguments = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s dynmodel-serve[%(process)d] %(message)s")
    try:
        ini = IniFile(arguments.config_uri, arguments.variables)
        plan = ini.plan(arguments.processes)
        if ini.writes_json():
            write_json()
        # They do not listen yet: the first worker that has loaded the application does that, so a client is refused
        # until there is somebody to answer it.
        sockets = bind(plan.limits)
        share()
        if share_metrics() is not None:
            measuring.begin()
    except ConfigurationProblem as problem:
        print(f"dynmodel-serve: {problem.detail}", file=sys.stderr)
        return 1
    worker, template = (
        functools.partial(process_command, module, arguments.config_uri, arguments.variables)
        for module in ("worker", "template")
    )
    supervisor = Supervisor(functools.partial(ini.plan, arguments.processes), plan, worker, template, sockets)
    try:
        return supervisor.run()
    finally:
        if "unix_socket" in plan.listen:
            cleanup_unix_socket(plan.listen["unix_socket"])


if __name__ == "__main__":
    sys.exit(main())
