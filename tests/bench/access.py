"""The cost of access: a token and a grant with a condition, against open mode with the same condition as a filter.

python -m tests.bench.access --database sqlite --rounds 40

CPU of this process for each request, alternating in one run: medians of the ratios of neighbours, and the least of all
rounds. The database is on this machine; on PostgreSQL its own processes are not counted.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import webtest

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import DATABASES, database_settings

ROWS, REQUESTS = 1000, 200
FIELDS = {"owner": {"type": "string", "index": True}, **{f"f{number}": "string" for number in range(8)}}
#: What is asked -> the address in open mode, and that with a token.
ASKED = {
    "one row of a list": ("rows/?id=eq.7&owner=eq.user:1", "rows/?id=eq.7"),
    "page of 100": ("rows/?owner=eq.user:1&limit=100", "rows/?limit=100"),
    "page of 100, ordered, /rest/": ("/rest/T?owner=eq.user:1&limit=100&order=f1", "/rest/T?limit=100&order=f1"),
    "one row by its address": ("rows/7/", "rows/7/"),
}


def prepared(database: str, folder: Path):
    """(the application in open mode, that with grants, the headers of a token)"""
    with database_settings(database, folder) as settings:
        open_app = dynmodel_pyramid.main({}, **settings)
        client = webtest.TestApp(open_app)
        client.post_json("/table/", {"model_name": "T", "fields": FIELDS})
        row = {name: f"{name} " * 3 for name in FIELDS}
        client.post_json("/table/T/rows/", [row | {"owner": f"user:{number % 5 + 1}"} for number in range(4, ROWS + 4)])
        roles = {"roles": {"own": {"tables": {"T": {"read": {"rows": "owner=eq.{user.id}"}}}}}}
        client.put_json("/access/", roles)
        enforced = dynmodel_pyramid.main({}, **{**settings, "dynmodel.access": "enforced"})
        accounts = enforced.registry.dynmodel_tenant.accounts
        with accounts.database.writer.begin() as connection:
            user = accounts.users.create(connection, name="ann", roles=("own",))
            _, secret = accounts.tokens.create(connection, name="t", roles=("own",), user_id=user.id)
        yield open_app, enforced, {"HTTP_AUTHORIZATION": f"Bearer {secret}"}
        for app in (open_app, enforced):
            app.registry.dynmodel_catalogue.database.close()


def cost(app, path: str, headers: dict[str, str]) -> float:
    """Seconds of CPU for a request."""
    path, _, query = path.partition("?")
    path = path if path.startswith("/") else f"/table/T/{path}"
    base = webtest.TestRequest.blank(f"{path}?{query}" if query else path).environ | headers
    base["REMOTE_ADDR"] = "127.0.0.1"
    status: list[str] = []

    def start_response(given, *ignored):
        status.append(given)

    begun = time.process_time()
    for _ in range(REQUESTS):
        answer = app(dict(base), start_response)
        b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()
    taken = time.process_time() - begun
    assert set(status) == {"200 OK"}, set(status)
    return taken / REQUESTS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=DATABASES, default="sqlite")
    parser.add_argument("--rounds", type=int, default=20)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for open_app, enforced, headers in prepared(arguments.database, Path(folder)):
            for name, (open_path, path) in ASKED.items():
                pairs = [
                    (cost(open_app, open_path, {}), cost(enforced, path, headers)) for _ in range(arguments.rounds)
                ]
                ratio = statistics.median(after / before for before, after in pairs)
                least = [min(column) * 1e6 for column in zip(*pairs, strict=True)]
                print(
                    f"{name}: {ratio:.2f} (least {least[1] / least[0]:.2f}: {least[0]:.0f} us open, "
                    f"{least[1]:.0f} us with a grant)"
                )


if __name__ == "__main__":
    main()
