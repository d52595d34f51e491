"""Runs the tests with the oldest and with the newest releases of our libraries that setup.py allows.

    python -m tests.versions --oldest
    python -m tests.versions --newest tests/queries -k rest

Without ``--oldest`` or ``--newest`` it does both. All further arguments go to pytest; without any it runs all tests but
the long ones. Each run has a virtual environment of its own in ``.venv-oldest`` or ``.venv-newest``, made anew when
setup.py has changed. It exits with 1 if a run fails.
"""

import argparse
import re
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
#: Where the lowest releases are pinned: what the package itself imports. What only tests need is the newest in both.
NEEDED = {Requirement(text).name for text in requires("dynmodel_pyramid") or () if "extra ==" not in text}
#: The lowest release that each requirement names; its last correction is taken.
LOWEST = {
    made.name: min(re.findall(r">=\s*([\w.]+)", str(made.specifier)))
    for made in map(Requirement, requires("dynmodel_pyramid") or ())
    if made.name in NEEDED
}
#: As ``pip freeze`` may write them.
SHOWN = {library.lower().replace("-", "_") for library in NEEDED}
#: What Pyramid's oldest releases need and do not ask for: they import pkg_resources.
BESIDES = {"oldest": ("setuptools < 81",), "newest": ()}


def environment(name: str) -> Path:
    """The Python of the virtual environment of that name; it is made if it isn't there or is older than setup.py."""
    folder = ROOT / f".venv-{name}"
    python, stamp = folder / "bin" / "python", folder / ".made"
    if stamp.exists() and stamp.stat().st_mtime > (ROOT / "setup.py").stat().st_mtime:
        return python
    subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
    pins = [f"{library} == {version}.*" for library, version in sorted(LOWEST.items())] if name == "oldest" else []
    command = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "-e", f"{ROOT}[test]"]
    subprocess.run([*command, *pins, *BESIDES[name]], check=True)
    stamp.touch()
    return python


def run(name: str, arguments: list[str]) -> bool:
    """Whether the tests pass."""
    python = environment(name)
    listed = subprocess.run([python, "-m", "pip", "freeze"], check=True, capture_output=True, text=True).stdout
    used = [line for line in listed.splitlines() if re.split("[ =]", line)[0].lower().replace("-", "_") in SHOWN]
    print(f"{name}: {', '.join(used)}", flush=True)
    command = [python, "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]
    return subprocess.run([*command, *(arguments or ["-m", "not long"])], cwd=ROOT).returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.versions", description=__doc__.partition("\n")[0])
    for name in BESIDES:
        parser.add_argument(f"--{name}", dest="names", action="append_const", const=name)
    chosen, arguments = parser.parse_known_args()
    passed = [run(name, arguments) for name in chosen.names or BESIDES]
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
