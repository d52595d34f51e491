"""The browser, a tab that collects errors, and axe-core."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
#: Milliseconds: the machine may be busy.
TIMEOUT = 30_000
expect.set_options(timeout=TIMEOUT)
#: Rules of WCAG 2.2 A and AA, and axe's best practices.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


@contextmanager
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-headless-shell") or shutil.which("google-chrome")
    assert path is not None, "no chromium, which the page is tested in: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


class Faults(list[str]):
    """What a tab's browser told of: errors in the console, of scripts, and of the page's security policy.

    Requests that the service refuses are errors in the console, too: a test that provokes one says so by
    :attr:`expected`, parts of such messages.
    """

    def __init__(self) -> None:
        super().__init__()
        self.expected: list[str] = []

    def watch(self, page: Page) -> None:
        page.on("console", lambda said: self._told(said.type, f"{said.text} ({said.location.get('url', '')})"))
        page.on("pageerror", lambda error: self._told("error", str(error)))

    def _told(self, kind: str, text: str) -> None:
        if kind in ("error", "assert") or "Content Security Policy" in text:
            self.append(text)

    @property
    def unexpected(self) -> list[str]:
        return [text for text in self if not any(part in text for part in self.expected)]


class Tabs:
    """Opens tabs of one server, each in a context of its own, and closes them.

    :param url: the server's address
    """

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser, self._url = browser, url
        self._contexts: list[BrowserContext] = []
        self.faults = Faults()

    def __call__(self, path: str = "/", *, size: dict[str, int] = DESK, scheme: str = "light", **options: Any) -> Page:
        """
        :param path: below ``/ui``
        :param scheme: the colours that the system has, ``light`` or ``dark``
        """
        context = self._browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce", **options)
        context.set_default_timeout(TIMEOUT)
        self._contexts.append(context)
        page = context.new_page()
        self.faults.watch(page)
        page.goto(f"{self._url}/ui{path}")
        page.wait_for_selector("main h1, main [role=alert], dialog[open]")
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()


def violations(page: Page) -> list[str]:
    """What axe-core finds: each rule with the elements that break it."""
    assert AXE.exists(), "no axe-core, which judges accessibility: npm ci"
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("tags => axe.run({runOnly: tags})", TAGS)["violations"]
    return [f"{rule['id']}: {rule['help']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]
