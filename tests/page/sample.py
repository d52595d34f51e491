"""Tables and rows of a small shop, the same each time, for pictures of the page and for trying it.

python -m tests.page.sample http://127.0.0.1:6543
"""

import random
import sys
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import requests

#: (method, path, document) -> the document that is answered
Send = Callable[[str, str, Any], Any]


def _choices(**colours: str) -> dict[str, Any]:
    keys = {key: key.replace("_", " ").capitalize() for key in colours}
    return {
        "type": "choice",
        "choices": [{"key": key, "label": keys[key], "colour": colour} for key, colour in colours.items()],
    }


CATEGORY = _choices(kitchen="#e0a458", living="#5b8e7d", garden="#8cb369", office="#5b7db1", kids="#bc4b8c")
STATUS = _choices(new="#5b7db1", packed="#e0a458", sent="#8cb369", returned="#c0504d")
TABLES: tuple[dict[str, Any], ...] = (
    {
        "model_name": "Supplier",
        "display": "name",
        "fields": {
            "name": {"type": "string", "required": True, "unique": True},
            "city": "string",
            "country": "string",
            "website": "url",
            "mail": "email",
            "place": "point",
        },
    },
    {
        "model_name": "Product",
        "display": "name",
        "description": "What the shop sells",
        "fields": {
            "name": {"type": "string", "required": True, "unique": True},
            "category": CATEGORY,
            "price": {"type": "currency", "currency": "EUR"},
            "rating": {"type": "rating", "max": 5},
            "supplier": {"type": "link", "table": "Supplier", "reverse": "products"},
            "available": "boolean",
            "stock": {"type": "integer", "min": 0},
            "tags": "tags",
            "added": "date",
            "colour": "colour",
            "notes": "text",
        },
    },
    {
        "model_name": "Customer",
        "display": "name",
        "fields": {
            "name": {"type": "string", "required": True},
            "mail": {"type": "email", "unique": True},
            "city": "string",
            "since": "date",
            "newsletter": "boolean",
        },
    },
    {
        "model_name": "Order",
        "display": "number",
        "fields": {
            "number": {"type": "autonumber"},
            "customer": {"type": "link", "table": "Customer", "reverse": "orders", "required": True},
            "products": {"type": "links", "table": "Product", "reverse": "orders"},
            "status": STATUS,
            "placed": {"type": "datetime", "timezone": "Europe/Berlin"},
            "total": {"type": "currency", "currency": "EUR"},
            "discount": "percent",
            "delivered_in": "duration",
        },
    },
    {
        "model_name": "Complaint",
        "fields": {
            "order": {"type": "link", "table": "Order", "reverse": "complaints"},
            "text": "text",
            "severity": {"type": "rating", "max": 3},
            "received": "created_time",
        },
    },
)

SUPPLIERS = (
    ("Nordlicht Manufaktur", "Flensburg", "Germany", 9.43, 54.78),
    ("Atelier Lumière", "Lyon", "France", 4.84, 45.76),
    ("Casa Verde", "Porto", "Portugal", -8.61, 41.15),
    ("Holz & Hand", "Graz", "Austria", 15.44, 47.07),
    ("Tierra Cerámica", "Talavera", "Spain", -4.83, 39.96),
    ("Fjord Textiles", "Bergen", "Norway", 5.32, 60.39),
)
THINGS = (
    ("Stoneware bowl", "kitchen", "#c9b79c"), ("Oak bread board", "kitchen", "#b5894f"),
    ("Linen tea towel", "kitchen", "#d8d3c8"), ("Copper kettle", "kitchen", "#b46a3c"),
    ("Enamel mug", "kitchen", "#f2f2ee"), ("Pepper mill", "kitchen", "#5a3e2b"),
    ("Wool blanket", "living", "#7d8ca3"), ("Paper lamp", "living", "#f3ead7"),
    ("Rattan chair", "living", "#cba871"), ("Beeswax candle", "living", "#e3b23c"),
    ("Velvet cushion", "living", "#7b3f61"), ("Wall clock", "living", "#2f3e46"),
    ("Watering can", "garden", "#5f7161"), ("Terracotta pot", "garden", "#c56e4a"),
    ("Bird house", "garden", "#a5794f"), ("Garden twine", "garden", "#8a9a5b"),
    ("Rain gauge", "garden", "#9fc5d1"), ("Hand trowel", "garden", "#6b705c"),
    ("Desk tray", "office", "#8d99ae"), ("Fountain pen", "office", "#1d3557"),
    ("Notebook, dotted", "office", "#e5dfd3"), ("Desk lamp", "office", "#30343f"),
    ("Cork board", "office", "#c19a6b"), ("Letter scale", "office", "#adb5bd"),
    ("Wooden train", "kids", "#d1495b"), ("Building blocks", "kids", "#edae49"),
    ("Kite", "kids", "#00798c"), ("Picture book", "kids", "#8a6fb0"),
    ("Night light", "kids", "#ffe8a1"), ("Rocking horse", "kids", "#ae7f51"),
)  # fmt: skip
WORDS = ("handmade", "organic", "gift", "new", "sale", "recycled")
NAMES = (
    "Ada Berg", "Ben Okafor", "Carla Rossi", "Dana Novak", "Emil Lind", "Fatma Yılmaz", "Georg Huber", "Hana Sato",
    "Ines Costa", "Jan de Vries", "Kaya Demir", "Lena Vogt", "Mira Petrović", "Noah Weiss", "Olga Ivanova",
    "Pablo Ruiz", "Quinn Murphy", "Rosa Keller", "Sven Holm", "Tara Singh", "Uma Patel", "Viktor Nagy",
    "Wanda Zielińska", "Yara Haddad",
)  # fmt: skip
CITIES = ("Berlin", "Vienna", "Oslo", "Lisbon", "Lyon", "Zurich", "Prague", "Malmö")
COMPLAINTS = (
    (4, "The kettle arrived with a dent.", 2),
    (9, "One candle was missing.", 1),
    (17, "The parcel came a week late.", 2),
    (31, "The clock does not run.", 3),
)
#: Who may do what with which table.
ROLES: dict[str, Any] = {
    "clerk": {
        "label": "Clerk",
        "tables": {
            "Order": {
                "read": True,
                "create": {"preset": {"status": "new"}},
                "update": {"rows": "status=neq.returned", "fields": ["status", "discount"]},
            },
            "Customer": {"read": True, "create": True, "update": True},
            "Product": {"read": True},
            "Complaint": {"read": True, "create": True},
        },
    },
    "buyer": {
        "label": "Buyer",
        "tables": {
            "Product": {"read": True, "create": True, "update": True, "delete": {"rows": "available=is.false"}},
            "Supplier": {"read": True, "create": True, "update": True},
        },
    },
    "courier": {
        "label": "Courier",
        "tables": {"Order": {"read": {"rows": "status=in.(packed,sent)", "fields": ["number", "status", "customer"]}}},
    },
    "manager": {"label": "Shop manager", "definitions": "write", "tables": {"*": {"read": True, "update": True}}},
}
USERS = (("ada", "clerk"), ("ben", "buyer"), ("carla", "manager"), ("dana", "courier"))
VIEWS = (("To reorder", "stock=lt.20&order=stock"), ("Gifts", "tags=cs.{gift}&order=name"))
TODAY = date(2026, 6, 30)


def products(chance: random.Random) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "category": category,
            "price": f"{chance.randrange(4, 90)}.{chance.choice(('00', '50', '90', '95'))}",
            "stock": chance.randrange(0, 140),
            "rating": chance.choice((None, 3, 4, 4, 4, 5, 5)),
            "tags": chance.sample(WORDS, chance.randrange(0, 3)) or None,
            "available": chance.random() < 0.8,
            "supplier": {"name": chance.choice(SUPPLIERS)[0]},
            "added": str(TODAY - timedelta(days=chance.randrange(900))),
            "colour": colour,
            "notes": chance.choice((None, None, "Sells best in winter.", "Reorder at 20 pieces.")),
        }
        for name, category, colour in THINGS
    ]


def customers(chance: random.Random) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "mail": f"{name.split()[0].lower()}.{number}@example.org",
            "city": chance.choice(CITIES),
            "since": str(TODAY - timedelta(days=chance.randrange(1500))),
            "newsletter": chance.random() < 0.5,
        }
        for number, name in enumerate(NAMES, 1)
    ]


def orders(chance: random.Random) -> list[dict[str, Any]]:
    made = []
    for number in range(160):
        placed = TODAY - timedelta(days=160 - number)
        made.append(
            {
                "customer": chance.randrange(1, len(NAMES) + 1),
                "products": sorted(chance.sample(range(1, len(THINGS) + 1), chance.randrange(1, 4))),
                "status": "new" if number > 150 else chance.choices(tuple(_keys(STATUS)), (0, 1, 9, 1))[0],
                "placed": f"{placed}T{chance.randrange(7, 22):02}:{chance.randrange(60):02}:00+01:00",
                "total": f"{chance.randrange(12, 240)}.{chance.choice(('00', '50', '90'))}",
                "discount": chance.choice((None, None, None, "5", "10")),
                "delivered_in": chance.choice((None, "P1DT6H", "P2D", "P3DT12H")),
            }
        )
    return made


def _keys(choice: dict[str, Any]) -> list[str]:
    return [each["key"] for each in choice["choices"]]


def labelled(name: str, field: Any) -> dict[str, Any]:
    """A field with a label for people, so that programs have short names."""
    return {**({"type": field} if isinstance(field, str) else field), "label": name.replace("_", " ").capitalize()}


def fill(send: Send) -> None:
    """Make the tables, their rows, and some history: a renamed field, a dropped one, and kept values."""
    chance = random.Random(1)
    for table in TABLES:
        fields = {name: labelled(name, field) for name, field in table["fields"].items()}
        send("POST", "/table/", {**table, "fields": fields})
    suppliers = [
        {
            "name": name, "city": city, "country": country, "place": {"longitude": longitude, "latitude": latitude},
            "website": f"https://{name.split()[0].lower()}.example", "mail": f"mail{number}@example.org",
        }
        for number, (name, city, country, longitude, latitude) in enumerate(SUPPLIERS)
    ]  # fmt: skip
    send("POST", "/table/Supplier/rows/", suppliers)
    send("POST", "/table/Product/rows/", products(chance))
    send("POST", "/table/Customer/rows/", customers(chance))
    send("POST", "/table/Order/rows/", orders(chance))
    send("POST", "/table/Complaint/rows/", [{"order": o, "text": t, "severity": s} for o, t, s in COMPLAINTS])
    _change(send)
    send("PATCH", "/access/", {"roles": ROLES})
    for name, role in USERS:
        send("POST", "/user/", {"name": name, "email": f"{name}@example.org", "roles": [role]})
    for name, query in VIEWS:
        send("POST", "/table/Product/view/", {"name": name, "query": query, "shared": True})


def _change(send: Send) -> None:
    send("PATCH", "/table/Product/", {"fields": {"weight": labelled("weight", "string"), "shelf": "string"}})
    weights = ("420 g", "1.2 kg", "90", "2100", "350", "heavy", "75", "180")
    for number, weight in enumerate(weights, 1):
        send("PATCH", f"/table/Product/rows/{number}/", {"weight": weight, "shelf": f"B{number}"})
    send(
        "PATCH",
        "/table/Product/?on_error=weight:quarantine",
        {"fields": {"weight": {"type": "integer", "label": "Weight (g)"}}},
    )
    send("PATCH", "/table/Product/", {"fields": {"shelf": None}})
    send("PATCH", "/table/Product/", {"fields": {"stock": {"label": "In stock"}}})


def sender(url: str) -> Send:
    def send(method: str, path: str, document: Any) -> Any:
        kind = "application/merge-patch+json" if method == "PATCH" and "/rows/" not in path else "application/json"
        answer = requests.request(method, url + path, json=document, headers={"Content-Type": kind}, timeout=60)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    return send


if __name__ == "__main__":
    fill(sender(sys.argv[1].rstrip("/")))
