"""The fixtures that the package's docstring names."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser

from tests.page.browsing import Tabs, chromium, violations
from tests.server_process import Server


class PageServer(Server):
    """A server on SQLite in a folder.

    :param environment: further variables of its environment
    :param settings: further ones of the application
    """

    def __init__(self, folder: Path, environment: dict[str, str] = {}, **settings: str) -> None:
        #: Of the application.
        self.settings = {"sqlalchemy.url": f"sqlite:///{folder}/page.sqlite", "dynmodel.access": "open", **settings}
        super().__init__(self.settings, folder, threads=4, environment=environment)
        #: Sent with requests of :meth:`api`.
        self.headers: dict[str, str] = {}

    def api(self, method: str, path: str, document: Any = None, **options: Any) -> Any:
        """A request of a program; -> the document that is answered."""
        options = {"headers": self.headers, "timeout": 30, **options}
        answer = requests.request(method, self.url + path, json=document, **options)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def page_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageServer]:
    server = PageServer(tmp_path_factory.mktemp("page"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def open_page(browser: Browser, page_server: PageServer) -> Iterator[Tabs]:
    tabs = Tabs(browser, page_server.url)
    yield tabs
    tabs.close()
    assert tabs.faults.unexpected == []


@pytest.fixture
def axe() -> Callable[[Any], list[str]]:
    return violations
