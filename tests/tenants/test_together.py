"""Two tenants whose tables have the same ids are redefined and read side by side: each answer is of one version of the
right one.
"""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

#: The versions of each tenant's table that are to be seen, and the most seconds for that.
WANTED, SECONDS = 8, 60


def test_answers_are_of_their_tenant_and_of_one_version(world):
    ends = threading.Event()
    seen = {"acme": set(), "beta": set()}
    tables = {}
    for name in seen:
        table = {"model_name": "Moving", "fields": {f"{name}1": {"type": "integer"}}}
        tables[name] = world.send("POST", f"/{name}/table/", table, token=name, status=201).json["id"]
        world.send("POST", f"/{name}/table/Moving/rows/", {f"{name}1": 5}, token=name, status=201)

    def redefine(name):
        field = 1
        while not ends.is_set():
            # Version n of the table has the field n.
            fields = {f"{name}{field}": None, f"{name}{field + 1}": {"id": 1, "type": "integer"}}
            world.send("PATCH", f"/{name}/table/Moving/", {"fields": fields}, token=name, status=200)
            field += 1

    def read(name):
        paths = (f"/{name}/table/{tables[name]}/rows/1/", f"/{name}/table/Moving/rows/?limit=1")
        while not ends.is_set():
            for path in paths:
                answer = world.send("GET", path, token=name, status=200)
                row = answer.json if isinstance(answer.json, dict) else answer.json[0]
                version = answer.headers["Definition-Version"]
                assert row[f"{name}{version}"] == 5 and len(row) == 2, (name, version, row)
                seen[name].add(version)

    assert len(set(tables.values())) == 1
    with ThreadPoolExecutor(6) as threads:
        running = [threads.submit(work, name) for name in seen for work in (redefine, read, read)]
        deadline = time.monotonic() + SECONDS
        while min(map(len, seen.values())) < WANTED and time.monotonic() < deadline:
            time.sleep(0.01)
            if any(future.done() for future in running):
                break
        ends.set()
        for future in running:
            future.result(60)
    assert min(map(len, seen.values())) >= WANTED, seen
