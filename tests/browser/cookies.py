"""Sessions in a real browser: what it does with their cookie, and what other sites can make it do.

    python -m tests.browser.cookies

It needs Debian's chromium and ``pip install playwright``. Each check prints a line; lines with "note" tell what the
browser did where nothing is promised. It exits with 1 if a check fails.
"""

import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Browser, Page

from tests.access.provider import CLIENT, CLIENT_SECRET, SmallProvider, small_provider
from tests.browser.places import (
    PASSWORD,
    ROWS,
    SESSION,
    TEXT,
    OtherSites,
    Service,
    bears,
    chromium,
    cookies_of,
    fetch,
    gone_back,
    other_sites,
    running,
    send_json,
    submit,
)
from tests.browser.report import Report

ENCTYPES = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")
ANN = {"name": "ann", "password": PASSWORD}
SIGNED_IN = {"signed_in": True, "identity": "user:1", "name": "ann"}


class Visit:
    """What the checks share: places, and a browser."""

    def __init__(self, browser: Browser, service: Service, mounted: Service, others: OtherSites) -> None:
        self.browser, self.service, self.mounted, self.others = browser, service, mounted, others

    def page(self) -> Page:
        """A page of a browser without cookies."""
        return self.browser.new_context().new_page()

    def signed_in(self, service: Service | None = None) -> Page:
        page, url = self.page(), (service or self.service).url
        page.goto(f"{url}/session/")
        answer = send_json(page, "POST", f"{url}/session/", ANN)
        assert answer["document"] == SIGNED_IN, answer
        return page


def the_cookie(report: Report, visit: Visit) -> None:
    page, url = visit.page(), visit.service.url
    page.goto(f"{url}/session/")
    answer = send_json(page, "POST", f"{url}/session/", ANN)
    report.check("fetch from an own page signs in", (answer["status"], answer["document"]), (201, SIGNED_IN))
    cookie = cookies_of(page)[0]
    attributes = {name: cookie[name] for name in ("httpOnly", "sameSite", "path", "domain", "secure")}
    wanted = {"httpOnly": True, "sameSite": "Lax", "path": "/", "domain": "127.0.0.1", "secure": False}
    report.check("the browser keeps the cookie with its attributes", attributes, wanted)
    report.check("document.cookie does not show it", page.evaluate("document.cookie"), "")
    page.evaluate(f"document.cookie = '{SESSION}=planted; path=/'")
    report.check("a script cannot replace it", cookies_of(page), [cookie])
    report.check("fetch sends it", fetch(page, f"{url}/me/")["document"]["id"], "user:1")
    answer = send_json(page, "POST", url + ROWS, {"text": "own page"})
    report.check("an own page may write by it", answer["status"], 201)
    visit.service.admin("DELETE", f"{ROWS}{answer['document']['id']}/")
    form = visit.page()
    form.goto(f"{url}/session/")
    report.check("a form of an own page signs in", submit(form, f"{url}/session/", ENCTYPES[0], ANN).status, 201)
    page.goto(f"{visit.others.foreign}/")
    report.check("it is not sent to another host", SESSION in visit.others.cookies["evil.localhost"], False)
    page.goto(f"{visit.others.neighbour}/")
    report.note("it is sent to another port of the host", SESSION in visit.others.cookies["127.0.0.1"])


def forms_of_other_sites(report: Report, visit: Visit) -> None:
    service, page = visit.service, visit.signed_in()
    before, cookies = service.texts(), cookies_of(page)
    #: As text/plain this is JSON.
    trick = {'{"text": "evil", "x': '"}'}
    for site, url in (("another site", visit.others.foreign), ("another port", visit.others.neighbour)):
        for enctype in ENCTYPES:
            for path, fields in (("/session/", ANN), (ROWS, trick if enctype == "text/plain" else {"text": "evil"})):
                page.goto(f"{url}/")
                answer = submit(page, service.url + path, enctype, fields)
                is_foreign = path == ROWS and site == "another site"
                # Without the cookie the row's author is anonymous.
                wanted = (401, "unauthenticated") if is_foreign else (403, "foreign_origin")
                found = (answer.status, answer.json().get("code"), bears(answer))
                what = f"a form of {site} to {path} as {enctype} is refused"
                report.check(what, found, (*wanted, site == "another port"))
    for path, wanted in (("/session/", (403, "null")), (ROWS, (401, "null"))):
        page.goto(f"{visit.others.neighbour}/sandboxed")
        answer = submit(page, service.url + path, ENCTYPES[0], ANN)
        found = (answer.status, answer.request.all_headers().get("origin"))
        report.check(f"a form of a sandboxed page to {path} is refused", found, wanted)
    report.check("nothing has changed", service.texts(), before)
    report.check("the visitor is still who he was", cookies_of(page), cookies)


def scripts_of_other_sites(report: Report, visit: Visit) -> None:
    service, page = visit.service, visit.signed_in()
    before, rows = service.texts(), service.url + ROWS
    for site, url in (("another site", visit.others.foreign), ("another port", visit.others.neighbour)):
        page.goto(f"{url}/")
        answer = fetch(page, rows, credentials="include")
        report.check(f"fetch of {site} cannot read", answer, {"error": "TypeError: Failed to fetch"})
        opaque = {"status": 0, "type": "opaque", "document": ""}
        report.check(
            f"no-cors fetch of {site} cannot read", fetch(page, rows, credentials="include", mode="no-cors"), opaque
        )
        for method, kind in (("POST", "text/plain"), ("POST", "application/json"), ("DELETE", "application/json")):
            options = {"method": method, "headers": {"Content-Type": kind}, "credentials": "include"}
            if method == "POST":
                options["body"] = '{"text": "evil"}'
            answer = fetch(page, rows, **options)
            report.check(f"{method} as {kind} of {site} fails", answer, {"error": "TypeError: Failed to fetch"})
        fetch(page, rows, method="POST", mode="no-cors", credentials="include", body='{"text": "evil"}')
        page.evaluate("address => navigator.sendBeacon(address, 'text=evil')", rows)
        page.evaluate(
            """address => new Promise(done => {
                const script = document.createElement("script");
                script.onload = script.onerror = () => done();
                script.src = address;
                document.body.append(script);
            })""",
            rows,
        )
    report.check("nothing has changed", service.texts(), before)
    page.goto(f"{service.url}/session/")
    report.check("the visitor is still signed in", fetch(page, f"{service.url}/session/")["document"], SIGNED_IN)


def navigations(report: Report, visit: Visit) -> None:
    page, address = visit.signed_in(), f"{visit.service.url}/session/"
    for site, url, same_site in (
        ("another site", visit.others.foreign, False),
        ("another port", visit.others.neighbour, True),
    ):
        page.goto(f"{url}/")
        with page.expect_navigation() as navigation:
            page.evaluate("address => { location = address }", address)
        report.check(f"a link of {site} bears the cookie", navigation.value.json(), SIGNED_IN)
        page.goto(f"{url}/")
        with page.expect_response(address) as framed:
            page.evaluate(
                """address => {
                    const frame = document.createElement("iframe");
                    frame.src = address;
                    document.body.append(frame);
                }""",
                address,
            )
        what = f"a frame in {site} bears the cookie"
        if same_site:
            report.note(what, bears(framed.value))
        else:
            report.check(f"{what}: no", bears(framed.value), False)


def endings(report: Report, visit: Visit) -> None:
    service, url = visit.service, visit.service.url
    page = visit.signed_in()
    report.check("sign-out", send_json(page, "DELETE", f"{url}/session/")["status"], 204)
    report.check("sign-out clears the cookie", cookies_of(page), [])
    report.check("afterwards nobody is signed in", fetch(page, f"{url}/me/")["document"]["id"], None)

    page = visit.signed_in()
    service.console("user", "disable", "ann")
    report.check("an ended session is 401", fetch(page, url + ROWS)["status"], 401)
    report.check("its answer clears the cookie", cookies_of(page), [])
    service.console("user", "enable", "ann")

    page, elsewhere = visit.signed_in(), visit.signed_in()
    passwords = {"old_password": PASSWORD, "password": "another password"}
    report.check(
        "a user changes his password", send_json(page, "PUT", f"{url}/user/1/password/", passwords)["status"], 204
    )
    for name, other in (("this", page), ("another", elsewhere)):
        answer = fetch(other, url + ROWS)
        report.check(f"it ends the session in {name} browser", (answer["status"], cookies_of(other)), (401, []))
    service.console("user", "set-password", "ann", typed=PASSWORD)


def caches(report: Report, visit: Visit) -> None:
    """What the browser kept, after the session's end: by the back button, and for scripts that ask for it."""
    service, rows, session = visit.service, visit.service.url + ROWS, f"{visit.service.url}/session/"
    page = visit.signed_in()
    answer = page.goto(rows)
    report.check("rows have no-store", answer.headers["cache-control"], "no-store")
    page.goto(session)
    send_json(page, "DELETE", session)
    report.check("the back button shows no rows after sign-out", TEXT in gone_back(page), False)
    page.goto(session)
    for mode in ("default", "force-cache", "only-if-cached"):
        report.check(f"nor does fetch ({mode})", TEXT in str(fetch(page, rows, cache=mode, mode="same-origin")), False)

    page = visit.signed_in()
    page.goto(rows)
    page.goto(session)
    service.console("user", "set-password", "ann", typed=PASSWORD)
    report.note("a session that ended elsewhere: the back button shows the page", TEXT in gone_back(page))
    report.check("its next request is 401", page.reload().status, 401)

    page = visit.signed_in()
    fetch(page, rows)
    send_json(page, "DELETE", session)
    for mode in ("default", "force-cache", "only-if-cached"):
        found = TEXT in str(fetch(page, rows, cache=mode, mode="same-origin"))
        report.check(f"what a script fetched is gone after sign-out ({mode})", found, False)


def below_a_prefix(report: Report, visit: Visit) -> None:
    mounted = visit.mounted
    page = visit.signed_in(mounted)
    report.check(
        "below a prefix the path is the mount", [found["path"] for found in cookies_of(page)], [mounted.prefix]
    )
    for path, is_sent in (("", True), ("/session/", True), ("base/", False)):
        report.check(f"{mounted.prefix}{path} gets it: {is_sent}", bears(page.goto(mounted.url + path)), is_sent)
    report.check("the rest of the host does not", bears(page.goto(f"{mounted.root}/other/")), False)
    page.goto(f"{mounted.url}/session/")
    send_json(page, "DELETE", f"{mounted.url}/session/")
    report.check("sign-out clears it there", cookies_of(page), [])


def two_services(report: Report, visit: Visit) -> None:
    """Two services on one host: the browser sends both cookies to the one below the prefix."""
    page = visit.signed_in(visit.mounted)
    own = cookies_of(page)
    page.goto(f"{visit.service.url}/session/")
    send_json(page, "POST", f"{visit.service.url}/session/", ANN)
    report.check("the browser keeps both", len(cookies_of(page)), 2)
    page.goto(f"{visit.mounted.url}/session/")
    report.check("the second sign-in leaves the first", fetch(page, visit.mounted.url + ROWS)["status"], 200)
    report.check("whose cookie is still there", [found for found in cookies_of(page) if found in own], own)
    page.goto(f"{visit.service.url}/session/")
    report.check("both are signed in", fetch(page, visit.service.url + ROWS)["status"], 200)
    # A page of another port may set cookies for the host, with any path.
    page.goto(f"{visit.others.neighbour}/")
    page.evaluate(f"document.cookie = '{SESSION}=planted; path=/table'")
    report.check("another port plants a cookie", len(cookies_of(page)), 3)
    page.goto(f"{visit.service.url}/session/")
    report.check("which does not hide the service's", fetch(page, visit.service.url + ROWS)["status"], 200)


def openid(provider: SmallProvider, report: Report, visit: Visit) -> None:
    url, prefix = visit.mounted.url, visit.mounted.prefix
    wanted = f"{prefix}/session/?"
    for site, before in (("an own page", f"{url}/session/"), ("another site", f"{visit.others.foreign}/")):
        page = visit.page()
        page.goto(before)
        with page.expect_navigation(url=f"**{prefix}/session/?"):
            page.evaluate("address => { location = address }", f"{url}/session/oidc/?next={quote(wanted)}")
        report.check(f"OpenID from {site} ends at next", page.url, visit.mounted.root + wanted)
        report.check("signed in", fetch(page, f"{url}/session/")["document"].get("name"), "zoe")
        report.check("the flow's cookie is gone", cookies_of(page, "dynmodel_oidc"), [])
        cookie = cookies_of(page)[0]
        report.check(
            "the session's has its attributes",
            [cookie[n] for n in ("path", "httpOnly", "sameSite")],
            [prefix, True, "Lax"],
        )
    evil = visit.others.foreign
    for address in (
        evil,
        evil.removeprefix("http:"),
        f"/\\{evil[7:]}",
        f"\\\\{evil[7:]}",
        f"/\t/{evil[7:]}",
        "javascript:alert(1)",
    ):
        page = visit.page()
        answer = page.goto(f"{url}/session/oidc/?next={quote(address, safe='')}")
        report.check(f"next={address!r} is refused", (answer.status, page.url.startswith(url)), (400, True))
    page = visit.page()
    page.goto(f"{url}/session/oidc/")
    report.check("without next it ends at the service", page.url, f"{url}/")
    # Another browser's answer of the provider, which an attacker would send its victim to.
    provider.redirected = {"error": "access_denied", "code": None}
    page = visit.page()
    answer = page.goto(f"{url}/session/oidc/")
    report.check("who refuses at the provider is not signed in", (answer.status, cookies_of(page)), (403, []))
    back, provider.redirected = page.url, {}
    answer = visit.page().goto(back)
    report.check("another browser cannot end the flow", answer.status, 403)


PARTS: tuple[Callable[[Report, Visit], None], ...] = (
    the_cookie,
    forms_of_other_sites,
    scripts_of_other_sites,
    navigations,
    endings,
    caches,
    below_a_prefix,
    two_services,
)


def main() -> int:
    report = Report()
    with tempfile.TemporaryDirectory() as folder, other_sites() as others, small_provider() as provider:
        provider.person = {"sub": "zoe-1", "preferred_username": "zoe"}
        service, mounted = Service(Path(folder)), Service(Path(folder), "/data")
        mounted.set(
            public_url=mounted.root,
            oidc_issuer=provider.issuer,
            oidc_client_id=CLIENT,
            oidc_client_secret=CLIENT_SECRET,
            oidc_create_users="true",
            insecure_loopback="true",
        )
        with running(service), running(mounted), chromium() as browser:
            report.note("browser", f"chromium {browser.version}")
            visit = Visit(browser, service, mounted, others)
            for part in (*PARTS, partial(openid, provider)):
                try:
                    part(report, visit)
                except Exception as error:  # a fault ends its part only
                    report.check(f"{getattr(part, '__name__', 'openid')} goes to its end", repr(error), "")
    print(f"{report.failed} failed")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
