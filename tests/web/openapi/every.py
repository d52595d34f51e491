"""A table with a field of every type, for descriptions and for clients that are made of them."""

from typing import Any

from tests.document_types import installed
from tests.every_type import written_types


def every_type(model_name: str, table: str) -> dict[str, Any]:
    """The definition; links lead to ``table``."""
    written = {name: {"type": name, **options} for name, (options, _) in written_types().items()}
    links = {"link": {"type": "link", "table": table, "reverse": "every"}, "links": {"type": "links", "table": table}}
    others = {known.name: {"type": known.name} for known in installed() if known.name not in {*written, *links}}
    return {
        "model_name": model_name,
        "fields": {f"a_{name}": field for name, field in (written | links | others).items()},
    }
