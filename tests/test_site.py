"""The documentation as a site (``make docs``): strict links, no page without a place, nothing loaded from elsewhere."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md") if "node_modules" not in path.parts}
#: Whose pages have an index of their own.
FOLDERS = ("types/", "decisions/")
LINK = re.compile(r"\]\(([^)#\s]+)")
PICTURE = re.compile(r"""(?:\]\(|src(?:set)?=")([^)#"\s]+\.png)""")
#: What a page loads when it is opened: not the links that people follow.
LOADED = re.compile(r"""<(?:script|img|iframe)\b[^>]*\ssrc=["']?((?:https?:)?//[^"' >]+)"""
                    r"""|<link\b[^>]*\shref=["']?((?:https?:)?//[^"' >]+)""")  # fmt: skip


def leaves(nav: object) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    else:
        for part in nav.values() if isinstance(nav, dict) else nav:
            yield from leaves(part)


def test_every_page_stands_in_the_navigation_once():
    found = list(leaves(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]))
    assert sorted(found) == sorted(PAGES), "mkdocs.yml and docs/ have not the same pages"


@pytest.mark.parametrize("page", ("README.md", "docs/index.md"))
def test_the_first_pages_lead_to_all_others(page):
    path = ROOT / page
    linked = {
        (path.parent / link).resolve() for link in LINK.findall(path.read_text(encoding="utf-8")) if "://" not in link
    }
    wanted = {DOCS / name for name in PAGES if not name.startswith(FOLDERS) or name.endswith("README.md")}
    assert wanted - linked - {DOCS / "index.md"} == set()


def test_the_index_of_decisions_has_all():
    names = {path.name for path in (DOCS / "decisions").glob("[0-9]*.md")}
    assert set(LINK.findall((DOCS / "decisions" / "README.md").read_text(encoding="utf-8"))) == names


def test_pictures_exist_and_are_shown():
    shown = set()
    for path in [*DOCS.rglob("*.md"), ROOT / "README.md"]:
        shown |= {(path.parent / link).resolve() for link in PICTURE.findall(path.read_text())}
    assert shown == set(DOCS.glob("pictures/*.png"))


def test_the_site(tmp_path):
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    shutil.copytree(DOCS, tmp_path / "docs", ignore=shutil.ignore_patterns("node_modules"))
    done = subprocess.run(
        [sys.executable, "-m", "zensical", "build", "--strict"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No issues found" in done.stderr
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) >= len(PAGES)
    loaded = {name for path in pages for found in LOADED.findall(path.read_text(encoding="utf-8")) for name in found}
    assert loaded - {""} == set()
