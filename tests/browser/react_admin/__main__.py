"""The example of docs/examples/react-admin in a real browser, on both databases.

    python -m tests.browser.react_admin [--packages FOLDER] [--pictures FOLDER] [--database sqlite]

It needs Node.js and Debian's chromium. npm brings the packages that the example's ``package.json`` names into the
folder, a temporary one by default, and builds it. The page is of another origin than the service, which enforces
access. Each check prints a line; it exits with 1 if one fails.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.access.small_server import Answer, Asked, serving
from tests.browser.places import Service, chromium, running
from tests.browser.report import Report
from tests.documents import ADDRESS, ROOT

SOURCE = ROOT / "docs" / "examples" / "react-admin"
SCRIPT, PAGE = "app.js", "index.html"
AIRPORTS = ("La Guardia", "Guarulhos", "La Palma", "Laguna Beach", "John F. Kennedy")
#: How long a page may take, in milliseconds: the machine may be busy.
PATIENCE = 20_000


def build(folder: Path) -> dict[str, bytes]:
    """Get the packages; -> the files that a web server needs, by their paths."""
    shutil.copytree(SOURCE, folder, ignore=shutil.ignore_patterns("node_modules", SCRIPT), dirs_exist_ok=True)
    subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent"], cwd=folder, check=True)
    subprocess.run(["npm", "run", "--silent", "build"], cwd=folder, check=True)
    return {f"/{SCRIPT}": (folder / SCRIPT).read_bytes(), "/": (folder / PAGE).read_bytes()}


class Visit:
    def __init__(self, report: Report, page: Page, url: str, service: Service, pictures: Path | None) -> None:
        self.report, self.page, self.url, self.service, self.pictures = report, page, url, service, pictures

    def flights(self) -> list[dict]:
        return self.service.admin("GET", "/table/Flight/rows/?order=id")

    def options(self, label: str, typed: str) -> list[str]:
        """What an autocomplete proposes."""
        box = self.page.get_by_role("combobox", name=label)
        box.click()
        box.fill("")
        with self.page.expect_response(lambda answer: "/rest/Airport" in answer.url and "name" in answer.url):
            box.press_sequentially(typed, delay=20)
        self.page.wait_for_timeout(600)
        return self.page.get_by_role("option").all_inner_texts()

    def picture(self, name: str) -> None:
        if self.pictures is not None:
            self.pictures.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=self.pictures / f"{name}.png")


def signs_in(visit: Visit) -> None:
    page = visit.page
    page.goto(f"{visit.url}/#/Flight")
    for token, wanted in (("no token", 401), (visit.service.secret, 200)):
        page.get_by_label("Token").fill(token)
        with page.expect_response(f"{visit.service.url}/me/") as asked:
            page.get_by_role("button", name="Sign in").click()
        visit.report.check(f"a sign-in is {wanted}", asked.value.status, wanted)
        if wanted == 401:
            expect(page.get_by_text("The service does not know this token.")).to_be_visible(timeout=PATIENCE)
            visit.picture("sign-in")
    expect(page.get_by_role("cell", name="XY 1")).to_be_visible(timeout=PATIENCE)


def creates(visit: Visit) -> None:
    page = visit.page
    page.goto(f"{visit.url}/#/Flight/create")
    page.get_by_label("Number").fill("LA 7")
    found = visit.options("Origin", "La Guardia")
    visit.report.check("an autocomplete of two words finds the one airport", found, ["La Guardia"])
    page.get_by_role("option", name="La Guardia").click()
    page.get_by_label("Leaves").fill("2026-03-01T04:05")
    page.get_by_label("Boarding").fill("2026-03-01T03:35")
    page.get_by_label("Day").fill("2026-03-01")
    page.get_by_label("Until").fill("2026-03-02")
    page.get_by_label("Price").fill("19.9")
    visit.picture("create")
    with page.expect_response(lambda answer: answer.request.method == "POST") as sent:
        page.get_by_role("button", name="Save").click()
    visit.report.check(
        "a form is saved", (sent.value.status, sent.value.status > 201 and sent.value.text()), (201, False)
    )
    expect(page.get_by_role("cell", name="LA 7")).to_be_visible(timeout=PATIENCE)
    wanted = {
        "number": "LA 7", "origin": 1, "leaves": "2026-03-01T04:05:00Z", "boarding": "2026-03-01T03:35:00Z",
        "day": "2026-03-01", "until": "2026-03-02", "price": "19.90",
    }  # fmt: skip
    row = visit.flights()[-1]
    visit.report.check("a form's dates and times are stored", {name: row[name] for name in wanted}, wanted)


def lists(visit: Visit) -> None:
    page = visit.page
    page.goto(f"{visit.url}/#/Flight")
    expect(page.get_by_role("cell", name="La Guardia")).to_be_visible(timeout=PATIENCE)
    visit.report.check("a list shows the name of the row that is linked to", page.get_by_role("row").count() - 1, 2)
    visit.picture("list")
    page.get_by_role("textbox", name="Number").fill("la 7")
    expect(page.get_by_role("cell", name="XY 1")).to_have_count(0, timeout=PATIENCE)
    visit.report.check("a filter of two words is applied", page.get_by_role("row").count() - 1, 1)


def edits(visit: Visit) -> None:
    page, flight = visit.page, visit.flights()[-1]["id"]
    page.goto(f"{visit.url}/#/Flight/{flight}")
    expect(page.get_by_role("combobox", name="Origin")).to_have_value("La Guardia", timeout=PATIENCE)
    visit.report.check(
        "a form shows the time that is stored", page.get_by_label("Leaves").input_value(), "2026-03-01T04:05"
    )
    found = visit.options("Origin", "Guar")
    visit.report.check("an autocomplete of one word finds two", sorted(found), ["Guarulhos", "La Guardia"])
    page.get_by_role("option", name="Guarulhos").click()
    page.get_by_label("Leaves").fill("2026-04-01T00:00")
    with page.expect_response(lambda answer: answer.request.method == "PATCH") as sent:
        page.get_by_role("button", name="Save").click()
    visit.report.check("a change is saved", sent.value.status, 200)
    row = visit.flights()[-1]
    visit.report.check("as the form has it", (row["origin"], row["leaves"]), (2, "2026-04-01T00:00:00Z"))


def shows(visit: Visit) -> None:
    page = visit.page
    page.goto(f"{visit.url}/#/Airport/2/show")
    expect(page.get_by_role("cell", name="LA 7")).to_be_visible(timeout=PATIENCE)
    visit.report.check("a row shows the rows that link to it", page.get_by_role("cell").all_inner_texts(), ["LA 7"])
    visit.picture("show")


def refuses(visit: Visit) -> None:
    page = visit.page
    page.goto(f"{visit.url}/#/Flight/create")
    page.get_by_label("Number").fill("LA 7")
    with page.expect_response(lambda answer: answer.request.method == "POST") as sent:
        page.get_by_role("button", name="Save").click()
    visit.report.check("a number that is there is refused", sent.value.status, 409)
    expect(page.get_by_text("duplicate key value")).to_be_visible(timeout=PATIENCE)
    visit.report.check("and the page says why", True)


STEPS: tuple[Callable[[Visit], None], ...] = (signs_in, creates, lists, edits, shows, refuses)


def run(database: str, browser: Browser, files: dict[str, bytes], report: Report, pictures: Path | None) -> None:
    with tempfile.TemporaryDirectory() as folder, database_settings(database, Path(folder), "enforced") as settings:
        served = dict(files)

        def site(asked: Asked) -> Answer:
            kind = "text/javascript" if asked.path.endswith(".js") else "text/html; charset=utf-8"
            return Answer(served.get(asked.path, b""), Content_Type=kind)

        with serving(site) as url:
            service = Service(Path(folder), settings={**settings, "dynmodel.cors_origins": url})
            served["/"] = served["/"].replace(ADDRESS.encode(), service.url.encode())
            with running(service):
                schema = json.loads((SOURCE / "schema.json").read_text(encoding="utf-8"))
                service.admin("PUT", "/schema/?others=keep", schema)
                service.admin("POST", "/table/Airport/rows/", [{"name": name} for name in AIRPORTS])
                service.admin("POST", "/table/Flight/rows/", {"number": "XY 1", "origin": 3})
                page = browser.new_context(timezone_id="UTC").new_page()
                page.set_default_timeout(PATIENCE)
                visit = Visit(report, page, url, service, pictures and pictures / database)
                for step in STEPS:
                    report.attempt(f"{database}: {step.__name__}", step, visit)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--packages", type=Path, help="where the packages of npm go, and stay")
    parser.add_argument("--database", choices=DATABASES, help="both by default")
    parser.add_argument("--pictures", type=Path, help="where pictures of the pages go")
    chosen = parser.parse_args()
    report = Report()
    with tempfile.TemporaryDirectory() as temporary, chromium() as browser:
        files = build(chosen.packages or Path(temporary))
        for database in [chosen.database] if chosen.database else DATABASES:
            run(database, browser, files, report, chosen.pictures)
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
