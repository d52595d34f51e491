"""Clients in JavaScript against a real server, on both databases.

python -m tests.clients.javascript [--packages FOLDER]

Needs Node.js; npm brings the packages that ``js/package.json`` names into the folder, a temporary one by default.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.clients import shop
from tests.server_process import Server

SOURCE = Path(__file__).with_name("js")


def prepare(folder: Path) -> list[Path]:
    """Get the packages; -> the scripts, which stand beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in SOURCE.iterdir():
        shutil.copy(path, folder)
    subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent"], cwd=folder, check=True)
    return sorted(folder.glob("*.mjs"))


def run(database: str, scripts: list[Path], folder: Path) -> bool:
    with database_settings(database, folder) as settings:
        server = Server(settings, folder)
        server.start()
        try:
            shop.make_tables(server.url)
            good = True
            for script in scripts:
                shop.fill(server.url)
                print(f"{database}, {script.name}:", flush=True)
                good &= subprocess.run(["node", str(script), f"{server.url}/rest"], check=False).returncode == 0
            return good
        finally:
            server.stop()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--packages", type=Path, help="where the packages of npm go, and stay")
    options = parser.parse_args()
    if shutil.which("npm") is None:
        parser.error("npm is not here; install Node.js")
    with tempfile.TemporaryDirectory() as temporary:
        scripts = prepare(options.packages or Path(temporary) / "packages")
        results = []
        for database in DATABASES:
            folder = Path(temporary) / database
            folder.mkdir()
            results.append(run(database, scripts, folder))
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
