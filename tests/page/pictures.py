"""Pictures of the page for the documentation, made of the running page with the rows of ``sample``. Never by hand.

python -m tests.page.pictures [NAME ...]          writes docs/pictures/, all or those that are named
python -m tests.page.pictures --all FOLDER        writes each in light, dark and phone width, to be looked at
python -m tests.page.pictures --list              names them

It needs chromium. :data:`SHOTS` says which of them the documentation shows; tests/test_site.py compares.
"""

import argparse
import io
import os
import re
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from PIL import Image
from playwright.sync_api import Browser, Page

from tests.documents import ROOT
from tests.page.browsing import chromium
from tests.page.sample import fill, sender
from tests.server_process import Server

PICTURES = ROOT / "docs" / "pictures"
FILE = ROOT / "docs" / "examples" / "hikes.csv"
#: How a picture is taken: the tab's size, and the colours of the system.
WAYS: dict[str, dict[str, Any]] = {
    "": {"viewport": {"width": 1280, "height": 760}, "color_scheme": "light"},
    "-dark": {"viewport": {"width": 1280, "height": 760}, "color_scheme": "dark"},
    "-phone": {"viewport": {"width": 390, "height": 780}, "color_scheme": "light", "has_touch": True},
}


#: Near to what desktops have for ``system-ui`` (``apt-get install fonts-inter``), or else what most machines have.
FONT = "<string>Inter</string><string>Liberation Sans</string>"
FONTS = f"""<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include>/etc/fonts/fonts.conf</include>
  <match target="pattern">
    <test name="family"><string>sans-serif</string></test>
    <edit name="family" mode="prepend" binding="strong">{FONT}</edit>
  </match>
</fontconfig>
"""


@dataclass(frozen=True, slots=True)
class Shot:
    """
    :param path: of the page, or of the service if it begins with ``//``
    :param act: does what a visitor does before the picture is taken
    :param ways: those of :data:`WAYS` that the documentation shows
    """

    name: str
    path: str
    act: Callable[[Page], None] = lambda page: None
    ways: tuple[str, ...] = ("",)


def choose_file(page: Page) -> None:
    page.set_input_files("input[type=file]", FILE)
    page.get_by_role("button", name="Create table with").wait_for()


def plan_retype(page: Page) -> None:
    kind = page.get_by_label("Type of field 4")
    kind.click()
    kind.fill("whole")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Show the plan").click()
    page.get_by_label("They go to the quarantine").check()
    page.get_by_text("This can be done.").wait_for()


def compare(page: Page) -> None:
    page.get_by_role("button", name="Compare").first.click()
    page.get_by_role("heading", name="From version").wait_for()


def press(*names: str) -> Callable[[Page], None]:
    """Press these buttons, one after the other."""

    def act(page: Page) -> None:
        for name in names:
            page.get_by_role("button", name=name, exact=True).first.click()
            page.wait_for_timeout(500)

    return act


def read_description(page: Page) -> None:
    page.locator(".opblock-tag").first.wait_for(timeout=60_000)


ALL = tuple(WAYS)
SHOTS: tuple[Shot, ...] = (
    Shot("tables", "/"),
    Shot("file", "/import/", choose_file),
    Shot("grid", "/table/Product/?price=gte.20&category=in.(kitchen,living,garden)&order=name", ways=ALL),
    Shot("filter", "/table/Hike/?region=eq.High Lakes&km=gt.10&order=km.desc", press("2 filters")),
    Shot("views", "/table/Product/", press("Views"), ways=()),
    Shot("row", "/table/Product/row/2/"),
    Shot("new", "/new/", ways=()),
    Shot("definition", "/table/Product/definition/"),
    Shot("plan", "/table/Hike/definition/", plan_retype),
    Shot("history", "/table/Product/history/", compare),
    Shot("trash", "/table/Product/trash/", ways=()),
    Shot("quarantine", "/table/Product/quarantine/"),
    Shot("diagram", "/diagram/"),
    Shot("health", "/table/Product/health/", ways=()),
    Shot("api", "/table/Product/?category=eq.kitchen&order=price.desc", press("API")),
    Shot("export", "/table/Product/", press("Export"), ways=()),
    Shot("import", "/table/Product/import/", ways=()),
    Shot("keys", "/table/Product/", press("Keys"), ways=()),
    Shot("columns", "/table/Product/", press("Columns"), ways=()),
    Shot("access", "/access/"),
    Shot("users", "/access/users/", ways=()),
    Shot("tokens", "/access/tokens/", ways=()),
    Shot("explain", "/access/explain/", ways=()),
    Shot("audit", "/access/audit/", ways=()),
    Shot("docs", "//docs/", read_description, ways=()),
)


def take(browser: Browser, url: str, shot: Shot, way: str) -> bytes:
    context = browser.new_context(**WAYS[way], reduced_motion="reduce", timezone_id="Europe/Berlin", locale="en-GB")
    context.set_default_timeout(15_000)
    try:
        page = context.new_page()
        page.goto(url + (shot.path[1:] if shot.path.startswith("//") else f"/ui{shot.path}"))
        page.wait_for_load_state("networkidle")
        shot.act(page)
        page.wait_for_load_state("networkidle")
        return page.screenshot(animations="disabled", caret="hide")
    finally:
        context.close()


def small(picture: bytes) -> bytes:
    """The same with a palette of 256 colours: a third of the bytes."""
    made = io.BytesIO()
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(made, "PNG", optimize=True)
    return made.getvalue()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", choices=[[], *(shot.name for shot in SHOTS)], metavar="NAME")
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="each way of each picture, in this folder")
    parser.add_argument("--list", action="store_true", help="the names, and nothing else")
    chosen = parser.parse_args()
    shots = [shot for shot in SHOTS if shot.name in chosen.names or not chosen.names]
    if chosen.list:
        print("\n".join(shot.name for shot in shots))
        return 0
    target, failed = chosen.all or PICTURES, 0
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        settings = {"sqlalchemy.url": f"sqlite:///{folder}/shop.sqlite", "dynmodel.access": "open"}
        fonts = Path(folder) / "fonts.conf"
        fonts.write_text(FONTS)
        os.environ["FONTCONFIG_FILE"] = str(fonts)
        server = Server(settings, Path(folder))
        server.start()
        try:
            fill(sender(server.url))
            headers, address = {"Content-Type": "text/csv"}, f"{server.url}/table/?from=file&name=Hike"
            requests.post(address, FILE.read_bytes(), headers=headers, timeout=60).raise_for_status()
            with chromium() as browser:
                for shot in shots:
                    for way in WAYS if chosen.all else shot.ways:
                        path = target / f"{shot.name}{way}.png"
                        try:
                            path.write_bytes(small(take(browser, server.url, shot, way)))
                            print(f"{path.name}: {path.stat().st_size // 1000} KB", flush=True)
                        except Exception as error:  # the others are taken all the same
                            failed += 1
                            print(f"{path.name}: {re.sub(chr(10) + '.*', '', str(error))}", file=sys.stderr)
        finally:
            server.stop()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
