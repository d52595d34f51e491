"""Customers and their orders: linked tables for tests of queries."""

CUSTOMERS = [
    {"id": 1, "name": "ann", "vip": True, "score": 0.5, "home": {"town": "Rom", "n": 10}},
    {"id": 2, "name": "bob", "vip": False, "score": None, "home": {"town": "Ulm", "n": 9}},
    {"id": 3, "name": None, "vip": None, "score": 1e16, "home": None},
    {"id": 4, "name": 'c"\\\n', "vip": True, "score": 0.1, "home": [1, "x"]},
]
ORDERS = [
    {"id": 1, "customer": 1, "payer": 2, "seen_by": [3, 1], "amount": "10.50", "n": 1, "at": "2026-01-01T00:00:00Z"},
    {"id": 2, "customer": 1, "payer": 1, "parent": 1, "amount": "0.25", "n": 2, "at": "2026-01-02T00:00:00.5Z"},
    {"id": 3, "customer": 2, "parent": 1, "seen_by": [3], "n": 3},
    {"id": 4, "amount": "-3.00", "n": 3},
]


def open_shop(client) -> None:
    """Customers are table 1, orders table 2, passports (one for each customer at most) table 3."""
    client.table({"name": "string", "vip": "boolean", "score": "number", "home": "json"}, "Customer")
    fields = {
        "customer": {"type": "link", "table": "Customer", "reverse": "orders"},
        "payer": {"type": "link", "table": "Customer"},
        "parent": {"type": "link", "table": "Order", "on_delete": "set_null", "reverse": "parts"},
        "seen_by": {"type": "links", "table": "Customer", "reverse": "seen"},
        "amount": {"type": "decimal", "precision": 10, "scale": 2},
        "n": "integer",
        "at": "datetime",
        "pin": {"type": "string", "write_only": True},
    }
    client.table(fields, "Order")
    holder = {"type": "link", "table": "Customer", "unique": True, "reverse": "passport"}
    client.table({"number": "string", "holder": holder}, "Passport")
    client.send("POST", "/table/1/rows/", CUSTOMERS, status=201)
    client.send("POST", "/table/2/rows/", ORDERS, status=201)
    client.send("POST", "/table/3/rows/", [{"number": "P1", "holder": 2}], status=201)
