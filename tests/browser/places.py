"""The service, sites of other people, and the browser."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Browser, Page, Response, sync_playwright

from tests.access.small_server import Answer, Asked, serving
from tests.server_process import Server

SESSION = "dynmodel_session"
PASSWORD = "right password"
ROWS = "/table/Note/rows/"
#: What only who is signed in may read.
TEXT = "for signed-in eyes"
ROLES = {"clerk": {"tables": {"Note": {"read": True, "create": True, "delete": True}}}}


class Service:
    """A server in enforced mode with an administrator's token, the user ann, and a table with one row.

    :param prefix: where the server mounts the application, such as ``/data``
    :param settings: of the application; a SQLite file in the folder by default
    """

    def __init__(self, folder: Path, prefix: str = "", settings: dict[str, str] | None = None) -> None:
        if settings is None:
            settings = {"sqlalchemy.url": f"sqlite:///{folder}/service{prefix.replace('/', '-')}.sqlite"}
        self.server = Server({**settings, "dynmodel.access": "enforced"}, folder)
        self.root, self.prefix = self.server.url, prefix
        self.url = self.server.url = self.root + prefix
        self._write("[server:main]", f"[server:main]\nurl_prefix = {prefix}" if prefix else "[server:main]")

    def _write(self, old: str, new: str) -> None:
        self.server.ini.write_text(self.server.ini.read_text().replace(old, new))

    def set(self, **settings: str) -> None:
        """Add settings, before it starts."""
        lines = "".join(f"\ndynmodel.{name} = {value}" for name, value in settings.items())
        self._write("[app:main]", "[app:main]" + lines)

    def start(self) -> None:
        self.server.start()
        self.secret = self.console("token", "create", "--role", "admin").split()[-1]
        self.admin("POST", "/table/", {"model_name": "Note", "fields": {"text": "string"}})
        self.admin("PATCH", "/access/", {"roles": ROLES})
        self.admin("POST", ROWS, {"text": TEXT})
        self.console("user", "create", "ann", "--role", "clerk", typed=PASSWORD)

    def console(self, script: str, command: str, *arguments: str, typed: str = "") -> str:
        module = f"dynmodel_pyramid.scripts.{script}"
        run = f"import sys; from {module} import main; sys.exit(main())"
        words = [sys.executable, "-c", run, command, str(self.server.ini), *arguments]
        done = subprocess.run(words, input=typed, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{words[3:]}: {done.stderr}")
        return done.stdout

    def admin(self, method: str, path: str, document: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self.secret}"}
        answer = requests.request(method, self.url + path, json=document, headers=headers, timeout=30)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def texts(self) -> list[str]:
        """The texts of all rows: what other sites must not change."""
        return [row["text"] for row in self.admin("GET", ROWS)]


@contextmanager
def running(service: Service) -> Iterator[Service]:
    try:
        service.start()
        yield service
    finally:
        service.server.stop()


class OtherSites:
    """One server with two names: ``foreign`` is another site than the service; ``neighbour`` is another port of the
    service's own host: another origin, but the same site, to which browsers send the host's cookies.
    """

    neighbour = foreign = ""

    def __init__(self) -> None:
        self.cookies: dict[str, str] = {}  # the last Cookie header, by host

    def __call__(self, asked: Asked) -> Answer:
        self.cookies[asked.headers["Host"].partition(":")[0]] = asked.headers.get("Cookie", "")
        # A sandboxed page has an origin of its own, which is "null".
        sandbox = {"Content_Security_Policy": "sandbox allow-forms allow-scripts"} if asked.path == "/sandboxed" else {}
        return Answer(b"<!doctype html><title>other</title><p>another site", Content_Type="text/html", **sandbox)


@contextmanager
def other_sites() -> Iterator[OtherSites]:
    sites = OtherSites()
    with serving(sites) as url:
        sites.neighbour = url
        sites.foreign = url.replace("127.0.0.1", "evil.localhost")
        yield sites


@contextmanager
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-headless-shell")
    if path is None:
        raise SystemExit("no chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
            # People have it: a page that is gone back to may come from memory.
            ignore_default_args=["--disable-back-forward-cache"],
        )
        try:
            yield browser
        finally:
            browser.close()


def cookies_of(page: Page, name: str = SESSION) -> list[dict[str, Any]]:
    return [dict(cookie) for cookie in page.context.cookies() if cookie["name"] == name]


def bears(answer: Response, name: str = SESSION) -> bool:
    """Whether the browser sent the cookie with the request."""
    return f"{name}=" in answer.request.all_headers().get("cookie", "")


def fetch(page: Page, address: str, **options: Any) -> dict[str, Any]:
    """``fetch`` by a script of the page; -> status, type and document, or the error."""
    return page.evaluate(
        """async ([address, options]) => {
            try {
                const answer = await fetch(address, options), text = await answer.text();
                let document = text;
                try { document = JSON.parse(text) } catch {}
                return {status: answer.status, type: answer.type, document};
            } catch (error) { return {error: String(error)} }
        }""",
        [address, options],
    )


def send_json(page: Page, method: str, address: str, document: Any = None) -> dict[str, Any]:
    if document is None:
        return fetch(page, address, method=method)
    headers = {"Content-Type": "application/json"}
    return fetch(page, address, method=method, headers=headers, body=json.dumps(document))


def submit(page: Page, address: str, enctype: str, fields: dict[str, str]) -> Response:
    """A form of the page, which takes the browser to the address."""
    script = """([address, enctype, fields]) => {
        const form = document.createElement("form");
        Object.assign(form, {action: address, method: "post", enctype});
        for (const [name, value] of Object.entries(fields)) {
            const input = document.createElement("input");
            Object.assign(input, {name, value});
            form.append(input);
        }
        document.body.append(form);
        form.submit();
    }"""
    with page.expect_navigation() as navigation:
        page.evaluate(script, [address, enctype, fields])
    answer = navigation.value
    assert answer is not None
    return answer


def gone_back(page: Page) -> str:
    """Go back; -> the text of the page, which comes from the server, from the cache, or whole from memory."""
    page.go_back(wait_until="commit")
    page.wait_for_function("document.readyState == 'complete'")
    return page.evaluate("document.body.innerText")
