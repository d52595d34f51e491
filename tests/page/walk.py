"""The walk of docs/quick-start.md through the page, as a person goes it: clicks, keys and seconds are counted.

python -m tests.page.walk [--file FILE --field NAME --type WORD --filter FIELD VALUE]

By default with docs/examples/hikes.csv. The file is dropped on the page; that counts as one click. JSON is not written.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import requests
from playwright.sync_api import Page, expect

from tests.documents import ROOT
from tests.page.browsing import DESK, chromium
from tests.server_process import Server

#: Counts in the browser what a person does; the page never loads a second document.
COUNTER = """() => {
  window.done = { clicks: 0, keys: 0 };
  addEventListener("click", (event) => event.isTrusted && event.detail && window.done.clicks++, true);
  addEventListener("keydown", (event) => event.isTrusted && window.done.keys++, true);
}"""
DROPPED = """([name, text]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name));
  return data;
}"""


def drop(page: Page, file: Path) -> None:
    data = page.evaluate_handle(DROPPED, [file.name, file.read_text(encoding="utf-8")])
    for event in ("dragenter", "dragover", "drop"):
        page.dispatch_event("main", event, {"dataTransfer": data})
    page.evaluate("window.done.clicks++")


def make(page: Page, file: Path) -> None:
    drop(page, file)
    page.get_by_role("button", name="Create table with").click()
    page.get_by_role("grid").wait_for()


def narrow(page: Page, field: str, value: str) -> None:
    page.get_by_role("button", name="Filter", exact=True).click()
    box = page.get_by_role("dialog", name="Filters")
    page.wait_for_timeout(300)
    if box.get_by_label("Field").count() == 0:
        box.get_by_role("button", name="Add condition").click()
    # A list is opened and a choice is clicked: two clicks, which a driver does by a call.
    box.get_by_label("Field").select_option(field)
    page.evaluate("window.done.clicks += 2")
    box.get_by_label(f"Value for {field}").click()
    page.keyboard.type(value)
    page.keyboard.press("Escape")
    expect(page.get_by_role("status").filter(has_text="found")).to_be_visible()


def retype(page: Page, place: int, kind: str) -> None:
    page.get_by_role("link", name="Definition", exact=True).click()
    page.get_by_label(f"Type of field {place}").click()
    page.keyboard.type(kind)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Show the plan").click()
    page.get_by_text("This can").first.wait_for()
    if page.get_by_label("They go to the quarantine").count():
        page.get_by_label("They go to the quarantine").click()
        page.get_by_text("This can be done.").wait_for()
    page.get_by_role("button", name="Apply").click()
    page.get_by_text("Version 2 is in force.").wait_for()


def place(url: str, field: str) -> int:
    (table,) = requests.get(f"{url}/table/", timeout=30).json()
    return list(table["fields"]).index(field) + 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--file", type=Path, default=ROOT / "docs" / "examples" / "hikes.csv")
    parser.add_argument("--field", default="ascent", help="that gets another type")
    parser.add_argument("--type", default="whole", help="what is typed to find the type")
    parser.add_argument("--filter", nargs=2, default=("region", "High Lakes"), metavar=("FIELD", "VALUE"))
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        settings = {"sqlalchemy.url": f"sqlite:///{folder}/walk.sqlite", "dynmodel.access": "open"}
        server = Server(settings, Path(folder))
        server.start()
        try:
            page = browser.new_context(viewport=DESK).new_page()
            page.set_default_timeout(30_000)
            begun = time.monotonic()
            page.goto(server.url)
            page.get_by_role("heading").first.wait_for()
            page.evaluate(COUNTER)
            print(f"the page is there: {time.monotonic() - begun:.1f} s", flush=True)
            steps = (
                ("a table of the file", lambda: make(page, chosen.file)),
                ("a filter", lambda: narrow(page, *chosen.filter)),
                ("another type, with its plan", lambda: retype(page, place(server.url, chosen.field), chosen.type)),
            )
            for name, step in steps:
                step()
                done = page.evaluate("window.done")
                so_far = f"{done['clicks']} clicks, {done['keys']} keys, {time.monotonic() - begun:.1f} s"
                print(f"{name}: {so_far} so far", flush=True)
            (table,) = requests.get(f"{server.url}/table/", timeout=30).json()
            print(f"{chosen.field} is {table['fields'][chosen.field]['type']} in version {table['version']}")
        finally:
            server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
