"""Clients that generators make of ``/table/{id}/openapi.json``: openapi-python-client and openapi-typescript.

    python -m tests.clients.generated [--packages FOLDER]

runs the one in TypeScript (``generated_ts/walk.ts``) against a server, on both databases; it needs Node.js, and npm
brings the packages. :mod:`tests.clients.test_generated` does the same with the client in Python.
"""

import argparse
import importlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

import requests
from openapi_python_client import generate
from openapi_python_client.config import Config, ConfigFile, MetaType

from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.server_process import Server
from tests.test_guides import blocks
from tests.web.openapi.every import every_type

TYPESCRIPT = Path(__file__).with_name("generated_ts")
#: The generator makes code of each body with JSON in its name, which no program can run if one is an array.
OVERRIDES = {"application/geo+json": "text/plain"}


def python_client(document: dict[str, Any], folder: Path, name: str) -> ModuleType:
    """The package of a client, imported.

    :raises AssertionError: the generator told of an error
    """
    source = folder / f"{name}.json"
    source.write_text(json.dumps(document), encoding="utf-8")
    settings = ConfigFile(content_type_overrides=OVERRIDES, post_hooks=[])
    config = Config.from_sources(settings, MetaType.NONE, source, "utf-8", overwrite=True, output_path=folder / name)
    faults = [f"{fault.header} {fault.detail}" for fault in generate(config=config)]
    assert [fault for fault in faults if "Unsupported content type" not in fault] == []
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(folder))


def typescript_client(url: str, folder: Path) -> bool:
    """Generate the types, compile the walk and the example of docs/openapi.md with them, and run the walk.

    :param folder: with the packages
    """
    for table in ("every", "book"):
        document = requests.get(f"{url}/table/{table}/openapi.json", timeout=60).text
        (folder / f"{table}.json").write_text(document, encoding="utf-8")
    [example] = blocks("openapi.md", "ts")
    (folder / "example.ts").write_text(example, encoding="utf-8")
    for command in (
        *(["npx", "openapi-typescript", f"{table}.json", "-o", f"{table}.ts"] for table in ("every", "book")),
        ["npx", "tsc", "-p", "."],
        ["node", "out/walk.js", url],
    ):
        if subprocess.run(command, cwd=folder, check=False).returncode:
            return False
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--packages", type=Path, help="where the packages of npm go, and stay")
    options = parser.parse_args()
    if shutil.which("npm") is None:
        parser.error("npm is not here; install Node.js")
    results = []
    with tempfile.TemporaryDirectory() as temporary:
        packages = options.packages or Path(temporary) / "packages"
        shutil.copytree(TYPESCRIPT, packages, dirs_exist_ok=True)
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent"], cwd=packages, check=True)
        for name in DATABASES:
            folder = Path(temporary) / name
            folder.mkdir()
            with database_settings(name, folder) as settings:
                server = Server(settings, folder)
                server.start()
                try:
                    for path, document in (
                        ("/table/", {"model_name": "Maker", "fields": {"name": "string"}}),
                        ("/table/Maker/rows/", [{"name": "a"}, {"name": "b"}]),
                        ("/table/", every_type("Every", table="Maker")),
                        ("/table/", {"model_name": "Book", "fields": {"title": "string"}}),
                    ):
                        requests.post(server.url + path, json=document, timeout=60).raise_for_status()
                    results.append(typescript_client(server.url, packages))
                finally:
                    server.stop()
            print(f"{name}: {'good' if results[-1] else 'failed'}", flush=True)
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
