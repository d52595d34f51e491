"""Clients that others' generators make of ``/table/{id}/openapi.json``: openapi-python-client here.

:func:`python_client` makes the package of a client, which :mod:`tests.clients.test_generated` uses.
"""

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from openapi_python_client import generate
from openapi_python_client.config import Config, ConfigFile, MetaType

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
