"""Values of each field type, as people enter, see and clear them in the form of a row."""

import json
import re
import shutil
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.document_types import installed
from tests.page.browsing import PHONE
from tests.page.conftest import PageServer
from tests.plugins import path_with
from tests.test_plugins import PLUGIN
from tests.test_type_pages import section

CHOICES = [{"key": "red", "label": "Red", "colour": "#ff0000"}, "green", {"key": "blue", "label": "Blue"}]
#: Name of a type -> (options, what is typed or chosen, the value in JSON, what a reader sees). Types without an entry
#: are those whose values the system gives.
VALUES: dict[str, tuple[dict[str, Any], Any, Any, str]] = {
    "boolean": ({}, True, True, ""),
    "choice": ({"choices": CHOICES}, ["re"], "red", "Red"),
    "colour": ({}, "#00FF80", "#00ff80", ""),
    "currency": ({"currency": "EUR", "precision": 30}, "12345678901234567890.5", "12345678901234567890.50", ""),
    "date": ({}, "2026-01-31", "2026-01-31", ""),
    "date_range": ({}, ("2026-01-01", "2026-01-31"), "[2026-01-01,2026-02-01)", ""),
    "datetime": ({}, "2026-01-31T13:00:05", "2026-01-31T12:00:05Z", ""),
    "datetime_range": ({}, ("2026-01-31T13:00", "2026-01-31T21:00"), "[2026-01-31T12:00:00Z,2026-01-31T20:00:00Z)", ""),
    "decimal": ({"precision": 40, "scale": 3}, "-0.5", "-0.500", ""),
    "duration": ({}, "1d 2h 30m", "P1DT2H30M", ""),
    "email": ({}, " Ada@Example.ORG", "Ada@example.org", ""),
    "integer": ({}, "9007199254740993", 9007199254740993, ""),
    "integer_range": ({}, ("1", "9"), "[1,10)", ""),
    "ip_address": ({}, "2001:DB8::0:1", "2001:db8::1", ""),
    "json": ({}, '{"n": [9007199254740993, null]}', {"n": [9007199254740993, None]}, ""),
    "link": ({"table": "Person", "reverse": "boss_of"}, ["ada"], 1, "Ada"),
    "links": ({"table": "Person"}, ["gra", "ada"], [2, 1], "Grace"),
    "multi_choice": ({"choices": CHOICES}, ["blu", "re"], ["red", "blue"], "Blue"),
    "number": ({}, "0.1", 0.1, ""),
    "percent": ({}, "12.5 %", "12.50", ""),
    "phone": ({}, "+44 20 7946 0123", "+442079460123", ""),
    "point": ({}, ("52.5", "13.4"), {"longitude": 13.4, "latitude": 52.5}, ""),
    "rating": ({}, "4", 4, ""),
    "slug": ({}, "red-shoes", "red-shoes", ""),
    "string": ({}, "  kept as it is ", "  kept as it is ", ""),
    "tags": ({}, ["python", "web services"], ["python", "web services"], "web services"),
    "text": ({}, "One\ntwo", "One\ntwo", ""),
    "time": ({}, "08:30", "08:30:00", ""),
    "url": ({}, "https://example.org/a?b=c", "https://example.org/a?b=c", ""),
    "uuid": ({}, "F81D4FAE7DEC11D0A76500A0C91E6BF6", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", ""),
}  # fmt: skip
#: What the controls of some types show then: in the browser's time zone, with all digits, as people say it.
SEEN = {
    "currency": ["12345678901234567890.50"],
    "date_range": ["2026-01-01", "2026-01-31"],
    "datetime": ["2026-01-31T13:00:05"],
    "duration": ["1d 2h 30m"],
    "email": ["Ada@example.org"],
    "integer": ["9007199254740993"],
    "json": ['{"n":[9007199254740993,null]}'],
}
LISTS = ("choice", "link", "links", "multi_choice", "tags")
PAIRS = {"date_range": ("from", "to"), "datetime_range": ("from", "to"), "integer_range": ("from", "to")}
PARTS = {**PAIRS, "point": ("Latitude", "Longitude")}


def controls(page: Page, name: str) -> list[Any]:
    """The controls that texts are written into."""
    labels = [f"{name}: {part}" for part in PARTS[name]] if name in PARTS else [re.compile(rf"^{name}\s*$")]
    return [page.locator("form").get_by_label(label, exact=True).first for label in labels]


def field_of(page: Page, name: str) -> Any:
    return page.locator(".row-form-field", has=page.get_by_text(name, exact=True))


def enter(page: Page, name: str, given: Any) -> None:
    (first, *others) = controls(page, name)
    if given is True:
        first.check()
    elif name == "rating":
        page.get_by_role("radio", name=f"{given} of 5").check(force=True)
    elif name in LISTS:
        for text in given:
            first.fill(text)
            options = page.get_by_role("listbox", name=name).get_by_role("option")
            expect(options.first).to_contain_text(re.compile(text, re.IGNORECASE))
            first.press("Enter")
    else:
        for control, text in zip((first, *others), given if isinstance(given, tuple) else (given,), strict=True):
            control.fill(text)


def clear(page: Page, name: str) -> None:
    (first, *_) = controls(page, name)
    if name in LISTS:
        for _ in range(2):
            first.press("Backspace")
    elif (button := page.get_by_role("button", name=f"Clear {name}", exact=True)).count():
        button.click()
    else:
        first.fill("")


def saved(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="Saved").first).to_be_visible()
    page.get_by_role("button", name="Close").first.click()


@pytest.fixture(scope="module")
def page_server(tmp_path_factory):
    """With the example plugin, as if it had been installed."""
    folder = tmp_path_factory.mktemp("editors")
    site = folder / "site"
    shutil.copytree(PLUGIN / "dynmodel_chess", site / "dynmodel_chess")
    (site / "chess-1.dist-info").mkdir()
    (site / "chess-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: chess\nVersion: 1\n")
    point = "[dynmodel_pyramid.field_types]\nchess_square = dynmodel_chess:ChessSquare\n"
    (site / "chess-1.dist-info" / "entry_points.txt").write_text(point)
    server = PageServer(folder, {"PYTHONPATH": path_with(site)})
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def everything(page_server):
    """A table with a field of each type, named as it, and its system values."""
    person = {"model_name": "Person", "fields": {"name": "string"}}
    page_server.api("POST", "/table/", person)
    page_server.api("POST", "/table/Person/rows/", [{"name": name} for name in ("Ada", "Grace")])
    written = {name: {"type": name, **options} for name, (options, *_) in VALUES.items()}
    given = {known.name: known.name for known in installed() if known.name not in {*VALUES, "user"}}
    return page_server.api("POST", "/table/", {"model_name": "Every", "fields": {**written, "user": "user", **given}})


def test_each_type_has_a_value_here():
    given = {
        known.name for known in installed() if known.field_type.fill or known.name.startswith(("created", "updated"))
    }
    assert {known.name for known in installed()} == {*VALUES, *given, "user"}


def test_values_of_each_type_are_entered_seen_and_cleared(page_server, open_page, everything, axe):
    page_server.api("POST", "/table/Every/rows/", {})
    page = open_page("/table/Every/row/1/", timezone_id="Europe/Berlin", locale="en-GB")
    for name, (_, given, *_) in VALUES.items():
        enter(page, name, given)
    assert axe(page) == []
    saved(page)
    row = page_server.api("GET", "/table/Every/rows/1/")
    assert {name: row[name] for name in VALUES} == {name: value for name, (_, _, value, _) in VALUES.items()}
    # What is seen comes from the answer, and again from the service.
    for _ in range(2):
        for name, (_, _, _, seen) in VALUES.items():
            if seen:
                expect(page.locator(".row-form-field", has=page.get_by_text(name, exact=True))).to_contain_text(seen)
        for name, texts in SEEN.items():
            assert [control.input_value() for control in controls(page, name)] == texts
        page.reload()
        page.wait_for_selector("main form")
    for name in VALUES:
        clear(page, name)
    saved(page)
    row = page_server.api("GET", "/table/Every/rows/1/")
    assert {name for name in VALUES if row[name] not in (None, [])} == set()
    # Of a text field the empty text is a value, too.
    page.locator(".row-form-field", has=page.get_by_text("string", exact=True)).get_by_role(
        "button", name="no value"
    ).click()
    saved(page)
    assert page_server.api("GET", "/table/Every/rows/1/")["string"] == ""


def test_two_people_change_a_row(page_server, open_page, axe):
    page_server.api("POST", "/table/", {"model_name": "Pair", "fields": {"a": "string", "b": "integer", "c": "string"}})
    page_server.api("POST", "/table/Pair/rows/", [{"a": "1", "b": 1, "c": "1"}, {"a": "2"}, {"a": "0"}])
    page = open_page("/table/Pair/row/1/?order=a", size=PHONE, scheme="dark")
    open_page.faults.expected += ["412", "422"]
    page.get_by_label("a", exact=True).fill("mine")
    page.get_by_label("c", exact=True).fill("mine")
    page_server.api("PATCH", "/table/Pair/rows/1/", {"a": "theirs", "b": 2})
    page.get_by_role("button", name="Save", exact=True).click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("They also changed: b.")
    assert axe(page) == []
    page.get_by_role("radio", name="a: take theirs").check()
    alert.get_by_role("button", name="Save").click()
    expect(alert).to_be_hidden()
    row = page_server.api("GET", "/table/Pair/rows/1/")
    assert (row["a"], row["b"], row["c"]) == ("theirs", 2, "mine")
    # A fault stands at its field, and leaving asks first.
    page.get_by_label("b", exact=True).fill("99999999999999999999")
    expect(page.get_by_text("want a whole number")).to_be_visible()
    page.get_by_role("button", name="Previous row").click()
    page.get_by_role("dialog").get_by_role("button", name="Leave").click()
    page.wait_for_url("**/row/2/?order=a")
    page.get_by_role("button", name="Previous row").click()
    page.wait_for_url("**/row/3/?order=a")


def test_a_row_opens_beside_the_grid(page_server, open_page, axe):
    page_server.api("POST", "/table/", {"model_name": "Side", "fields": {"name": "string", "tags": "tags"}})
    page_server.api("POST", "/table/Side/rows/", [{"name": "one"}, {"name": "two"}])
    page = open_page("/table/Side/?order=name.desc")
    page.get_by_role("gridcell", name="two").click()
    page.keyboard.press("Space")
    panel = page.get_by_role("complementary", name="Row")
    panel.get_by_label("name", exact=True).fill("deux")
    panel.get_by_role("combobox", name="tags").fill("a")
    panel.get_by_role("combobox", name="tags").press("Enter")
    assert axe(page) == []
    panel.get_by_role("button", name="Close", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("dialog")).to_have_count(0)  # it gives the focus back
    page.keyboard.press("Control+s")
    expect(page.get_by_role("gridcell", name="deux")).to_be_visible()
    panel.get_by_role("button", name="Previous row").click()
    expect(panel.get_by_role("heading", name="one")).to_be_visible()
    panel.press("Escape")
    expect(panel).to_be_hidden()
    expect(page.get_by_role("grid").locator(":focus")).to_be_visible()
    assert page_server.api("GET", "/table/Side/rows/2/") == {"id": 2, "name": "deux", "tags": ["a"]}


def test_a_plugin_brings_its_editor(page_server, open_page, axe):
    page_server.api(
        "POST", "/table/", {"model_name": "Game", "fields": {"square": {"type": "chess_square", "size": 3}}}
    )
    page = open_page("/table/Game/row/new/?square=a1")
    square = page.get_by_role("combobox", name="square")
    expect(square).to_have_value("a1")
    assert square.get_by_role("option").count() == 10
    square.select_option("c3")
    assert axe(page) == []
    page.get_by_role("button", name="Add row").click()
    page.wait_for_url("**/Game/row/1/")
    assert page_server.api("GET", "/table/Game/rows/1/") == {"id": 1, "square": "c3"}


def test_texts_are_read_as_the_types_pages_say(open_page, everything):
    """Pasted texts give the values that docs/types/ lists, or are left to the service, which reads them so."""
    page = open_page("/table/Every/row/new/")
    cases = []
    for name in VALUES:
        for table in re.findall(r"^\| text \| is \|\n.*?(?=\n\n|\Z)", section(name, "Forms"), re.DOTALL | re.MULTILINE):
            for text, meaning in re.findall(r"^\| `(.*)` \| (?:`(.*)`|refused) \|$", table, re.MULTILINE):
                cases.append((name, text, json.loads(meaning) if meaning else None))
    assert len(cases) > 100
    field = {name: {**everything["fields"][name], "name": name} for name in VALUES}
    read = page.evaluate(
        """async ([cases, fields]) => {
          const files = document.querySelector('script[src$="js/main.js"]').src.replace(/main\\.js$/, "");
          const [{ editorFor, Unreadable }, { fieldTypes }, { stringify }] = await Promise.all(
            ["editors/index.js", "core/state.js", "core/json.js"].map((name) => import(files + name)));
          return cases.map(([name, text]) => {
            const kind = editorFor(fields[name], fieldTypes.value);
            try {
              const value = kind.fromText(text, fields[name]);
              return [stringify(value), stringify(kind.fromText(kind.toText(value, fields[name]), fields[name]))];
            } catch (error) {
              if (error instanceof Unreadable) return null;
              throw error;
            }
          });
        }""",
        [cases, field],
    )
    for (name, text, meaning), answer in zip(cases, read, strict=True):
        if answer is None:
            assert meaning is None, (name, text)
            continue
        value, again = map(json.loads, answer)
        assert value == again
        # Texts of types whose values are texts are the service's to read; so are whole numbers with many digits.
        assert value in (meaning, text) or str(value) == text, (name, text, value)
