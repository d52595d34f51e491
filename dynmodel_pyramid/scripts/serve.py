"""``dynmodel-serve``: serve an INI file with several processes on one listening socket.

    dynmodel-serve [--processes N] production.ini [name=value ...]

Reads the same file as ``pserve``: ``[server:main]`` says where to listen and holds the server's settings,
``[app:main]`` the application, ``[dynmodel-serve]`` the settings of this command (``serve_file``).
Any Pyramid application will do; docs/serving.md tells how to use it.

This module reads the command line, ``serve_file`` the file; ``supervisor`` is the parent process, ``template`` and
``worker`` are its children. POSIX only.
"""

import argparse
import functools
import logging
import os
import sys

from waitress.utilities import cleanup_unix_socket

from dynmodel_pyramid.errors import ConfigurationProblem
from dynmodel_pyramid.scripts.child import Plan, Template, adopt_descendants
from dynmodel_pyramid.scripts.serve_file import SETTINGS, IniFile
from dynmodel_pyramid.scripts.supervisor import Supervisor
from dynmodel_pyramid.server.balance import share
from dynmodel_pyramid.server.factory import bind
from dynmodel_pyramid.settings.values import at_least
from dynmodel_pyramid.telemetry import measuring
from dynmodel_pyramid.telemetry.lines import write_json
from dynmodel_pyramid.telemetry.memory import share as share_metrics


def process_command(
    module: str, uri: str, variables: list[str], plan: Plan, control: int, sockets: list[int]
) -> list[str]:
    """How to start a worker or a template: a new interpreter, so that a reload brings new code.

    :param module: ``worker`` or ``template``
    """
    # -m puts the working directory on the import path; the console script did not, so keep it off there.
    safe = [] if _is_on_path() else ["-P"]
    command = [sys.executable, *safe, "-m", f"dynmodel_pyramid.scripts.{module}"]
    return [*command, *process_arguments(uri, variables, plan, control, sockets)]


def _is_on_path() -> bool:
    """Whether modules are looked for in the working directory."""
    return bool({"", os.getcwd()} & set(sys.path))


def process_arguments(uri: str, variables: list[str], plan: Plan, control: int, sockets: list[int]) -> list[str]:
    return [
        *(f"--control={control}", f"--graceful-timeout={plan.graceful_timeout}"),
        *(f"--worker-timeout={plan.worker_timeout}", f"--processes={plan.processes}"),
        *(f"--socket={number}" for number in sockets),
        *(uri, *variables),
    ]


def run_as_template(uri: str, variables: list[str], plan: Plan, control: int, sockets: list[int]) -> int:
    """Be the first template, in a copy of the parent; -> the exit status.

    The copy has loaded the modules of the parent, of the same start. Later templates are new interpreters.
    """
    if not _is_on_path() and os.path.dirname(os.path.realpath(sys.argv[0])) == sys.path[0]:
        del sys.path[0]  # of the console script; later templates do not have it, either
    # What setuptools' scripts of editable installations demand of pkg_resources; later templates are no such scripts.
    vars(sys.modules["__main__"]).pop("__requires__", None)
    from dynmodel_pyramid.scripts import template  # which the parent does not need

    arguments = process_arguments(uri, variables, plan, control, sockets)
    sys.argv = [template.__file__, *arguments]
    template.forget_parent({control, *sockets})
    return template.main(arguments)


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
        counts = share_metrics() is not None
    except ConfigurationProblem as problem:
        print(f"dynmodel-serve: {problem.detail}", file=sys.stderr)
        return 1
    first = None
    if plan.preload and adopt_descendants():
        # Before this process listens to signals and counts, so that the copy has none of that to undo.
        run = functools.partial(run_as_template, arguments.config_uri, arguments.variables, plan)
        first = Template.copied(run, plan, sockets)
    if counts:
        measuring.begin()
    worker, template = (
        functools.partial(process_command, module, arguments.config_uri, arguments.variables)
        for module in ("worker", "template")
    )
    supervisor = Supervisor(functools.partial(ini.plan, arguments.processes), plan, worker, template, sockets, first)
    try:
        return supervisor.run()
    finally:
        if "unix_socket" in plan.listen:
            cleanup_unix_socket(plan.listen["unix_socket"])


if __name__ == "__main__":
    sys.exit(main())
