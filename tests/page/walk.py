"""A person's walk in a real browser: from the start to a table made of a file, filtered, one type changed with its plan.

python -m tests.page.walk FILE.csv [--pictures FOLDER]

Nothing is written as JSON. It prints what was done, the clicks and keys that it took, and the seconds. The file is one
with a column ``chocolate`` of 0 and 1, as FiveThirtyEight's candy-data.csv (github.com/fivethirtyeight/data).
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from playwright.sync_api import Page

from tests.documents import ROOT
from tests.page.browsing import Faults, chromium
from tests.server_process import free_port

#: Counts what a hand does; playwright's clicks and keys are as trusted as a person's.
COUNTER = """
window.done = { clicks: 0, keys: 0 };
addEventListener("pointerdown", (event) => { if (event.isTrusted) done.clicks++; }, true);
addEventListener("keydown", (event) => { if (event.isTrusted) done.keys++; }, true);
"""
FIELD = "chocolate"


@contextmanager
def made_run(folder: Path) -> Iterator[str]:
    """The service as ``make run`` starts it, with an empty database; -> its address."""
    port = free_port()
    ini = (ROOT / "development.ini").read_text(encoding="utf-8")
    ini = ini.replace("%(here)s/dynmodel.sqlite", f"{folder}/walk.sqlite").replace(
        "127.0.0.1:6543", f"127.0.0.1:{port}"
    )
    path = folder / "development.ini"
    path.write_text(ini, encoding="utf-8")
    command = [sys.executable, "-W", "ignore", "-m", "pyramid.scripts.pserve", str(path)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if line.startswith("Serving on"):
                break
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate(timeout=30)


class Walk:
    """Steps of a person, each counted."""

    def __init__(self, page: Page, pictures: Path | None) -> None:
        self.page, self._pictures = page, pictures
        self.steps: list[tuple[str, int, int, float]] = []

    def step(self, what: str, do: Callable[[Page], None], further: int = 0) -> None:
        """:param further: clicks that the browser does not tell, in its own lists of choices"""
        began = time.monotonic()
        do(self.page)
        seconds = time.monotonic() - began
        counts = self.page.evaluate("({...done})")
        self.page.evaluate("done.clicks = done.keys = 0")
        self.steps.append((what, counts["clicks"] + further, counts["keys"], seconds))
        if self._pictures is not None:
            self.page.screenshot(path=self._pictures / f"walk-{len(self.steps)}.png")


def make_table(file: Path) -> Callable[[Page], None]:
    def do(page: Page) -> None:
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Choose a file").click()
        chooser.value.set_files(file)
        page.get_by_role("button", name=re.compile("Make the table with")).click()
        page.wait_for_url("**/ui/table/1/")
        page.get_by_role("grid").get_by_role("row").nth(2).wait_for()

    return do


def filter_rows(page: Page) -> None:
    page.get_by_role("button", name="Filter", exact=True).click()
    box = page.get_by_role("dialog", name="Filters")
    box.get_by_role("button", name="Add condition").click()
    box.get_by_label("Field").select_option(FIELD)
    box.get_by_label(f"Value for {FIELD}").click()
    page.keyboard.type("1")
    page.wait_for_url(re.compile(rf"{FIELD}=eq\.1"))
    page.keyboard.press("Escape")
    page.get_by_text("37 rows", exact=False).wait_for()


def change_type(page: Page) -> None:
    page.get_by_role("link", name="Definition").click()
    page.get_by_label("Type of field 2").click()
    page.keyboard.type("yes")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Show the plan").click()
    page.get_by_text("85 of 85 values can be converted").wait_for()
    page.get_by_role("button", name="Apply").click()
    page.get_by_text("Version 2 is in force.").wait_for()


def walk(file: Path, pictures: Path | None = None) -> Walk:
    with tempfile.TemporaryDirectory() as folder, made_run(Path(folder)) as url, chromium() as browser:
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        context.add_init_script(COUNTER)
        context.set_default_timeout(15_000)
        page, faults = context.new_page(), Faults()
        faults.watch(page)
        done = Walk(page, pictures)
        began = time.monotonic()
        page.goto(url)
        page.get_by_role("heading", name="There are no tables yet").wait_for()
        done.steps.append(("open the address that the terminal tells", 0, 0, time.monotonic() - began))
        done.step("choose the file, look at the plan, make the table", make_table(file))
        done.step(f"filter by {FIELD}", filter_rows, 2)
        done.step("change the type, look at the plan, apply it", change_type)
        assert faults == [], faults
        field = requests.get(f"{url}/table/1/", timeout=30).json()["fields"][FIELD]
        assert field["type"] == "boolean"
        context.close()
    return done


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="A person's walk through the page, counted.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--pictures", type=Path, help="a folder for a picture of each step")
    args = parser.parse_args(arguments)
    done = walk(args.file, args.pictures)
    for what, clicks, keys, seconds in done.steps:
        print(f"{seconds:5.1f} s  {clicks:2} clicks  {keys:2} keys  {what}")
    totals = [sum(step[place] for step in done.steps) for place in (1, 2, 3)]
    print(f"{totals[2]:5.1f} s  {totals[0]:2} clicks  {totals[1]:2} keys  in all, besides the choice of the file")
    return 0


if __name__ == "__main__":
    sys.exit(main())
