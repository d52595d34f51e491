"""Tables and rows that clients' tests work with, by the service's own face."""

import requests

TABLES = (
    {"model_name": "Maker", "fields": {"name": {"type": "string", "unique": True}, "note": "text"}},
    {
        "model_name": "Product",
        "fields": {
            "name": {"type": "string", "required": True},
            "price": "decimal",
            "amount": {"type": "integer", "default": 3},
            "made": "date",
            "tags": "tags",
            "extra": "json",
            "available": "boolean",
            "maker": {"type": "link", "table": "Maker", "reverse": "products"},
        },
    },
)
MAKERS = [{"name": "Ann", "note": None}, {"name": "Bob", "note": 'a, "b"'}]
PRODUCTS = [
    {"name": "Red chair", "price": "19.90", "amount": 1, "made": "2026-01-31", "tags": ["red", "wood"], "maker": 1},
    {"name": "Blue chair", "price": "120.00", "amount": 2, "made": None, "tags": ["blue"], "maker": 2},
    {"name": "Red table", "price": None, "amount": 3, "made": "2025-12-01", "tags": [], "maker": 1},
]


def make_tables(url: str) -> None:
    for table in TABLES:
        requests.post(f"{url}/table/", json=table).raise_for_status()


def fill(url: str) -> None:
    """Exactly these rows, with the ids 1, 2 and 3."""
    for name in ("Product", "Maker"):
        requests.delete(f"{url}/rest/{name}?id=gt.0").raise_for_status()
    for name, rows in (("Maker", MAKERS), ("Product", PRODUCTS)):
        numbered = [{"id": number, **row} for number, row in enumerate(rows, 1)]
        requests.post(f"{url}/rest/{name}", json=numbered).raise_for_status()
