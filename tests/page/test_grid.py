"""The rows of a table: the grid, what people do in it as in spreadsheets, and the source of its rows."""

import pytest
from playwright.sync_api import expect

FIELDS = {
    "title": {"type": "string", "required": True, "max_length": 20},
    "n": {"type": "integer", "min": 0, "max": 100},
    "done": "boolean",
    "sku": {"type": "string", "read_only": True},
    "pin": {"type": "string", "write_only": True},
}
PASTE = """text => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
  document.activeElement.dispatchEvent(event);
}"""
COPY = """() => {
  const data = new DataTransfer();
  const event = new ClipboardEvent("copy", { clipboardData: data, bubbles: true, cancelable: true });
  document.activeElement.dispatchEvent(event);
  return data.getData("text/plain");
}"""
#: The source over a service of a million rows that answers at once: -> what it held and skipped.
JUMPS = """async (address) => {
  const { HELD, RowSource } = await import(address);
  const total = 1000000;
  let most = 0, skipped = 0, asked = 0;
  const get = async (path, { params, prefer }) => {
    asked++;
    const limit = Number(params.get("limit")), offset = Number(params.get("offset") ?? 0);
    skipped = Math.max(skipped, offset);
    const before = params.get("_before"), after = params.get("_after");
    const first = before ? (before === "end" ? total : Number(before)) - offset - limit : Number(after ?? 0) + offset;
    const length = Math.max(0, Math.min(limit, total - first));
    const data = Array.from({ length }, (_, i) => ({ id: first + i + 1, _version: 1 }));
    const end = first + data.length;
    const link = `</x?_after=${end}>; rel="next", </x?_before=${first}>; rel="prev"`;
    const headers = new Headers({ Link: link, "Content-Range": `0-0/${prefer ? total : "*"}` });
    return { status: 200, data, headers, etag: null };
  };
  const source = new RowSource({ path: "/x/", params: new URLSearchParams(), select: "id,_version", api: { get } });
  const there = async (first) => {
    source.want(first, first + 30);
    const last = Math.min(total - 1, first + 30);
    while (!source.row(first) || !source.row(last)) await new Promise((done) => setTimeout(done));
    most = Math.max(most, source.held);
    return source.row(first).id === first + 1;
  };
  source.start();
  while (source.count.value === null || source.known.value !== "exact") await new Promise((done) => setTimeout(done));
  const right = [];
  for (let i = 0; i < 60; i++) right.push(await there(Math.floor((i * 0.618 % 1) * (total - 40))));
  skipped = 0;
  right.push(await there(total - 31), await there(0));
  return { isRight: right.every(Boolean), isBounded: most <= HELD, skipped };
}"""


@pytest.fixture(scope="module")
def table(page_server):
    page_server.api("POST", "/table/", {"model_name": "Task", "fields": FIELDS})
    rows = [{"title": f"Task {n}", "n": n, "sku": f"s{n}"} for n in range(6)]
    page_server.api("POST", "/table/Task/rows/", rows)
    return page_server.api("GET", "/table/Task/")["id"]


@pytest.fixture
def rows(page_server):
    return lambda: page_server.api("GET", "/table/Task/rows/?order=id")


def cell(page, row, column):
    return page.locator(f'[data-row="{row}"] > [data-column="{column}"]')


def saved(page):
    expect(page.locator(".rows-busy")).to_have_count(0)


def test_cells_are_edited_as_in_spreadsheets(page_server, open_page, axe, table, rows):
    page = open_page(f"/table/{table}/")
    open_page.faults.expected += ["status of 422", "status of 412"]
    expect(cell(page, 0, 0)).to_have_text("Task 0")
    grid = page.get_by_role("grid", name="Task")
    expect(grid).to_have_attribute("aria-rowcount", "8")  # with the heads and the blank row

    # Typing begins editing; Enter goes on below. What the service refuses stays, with its words.
    cell(page, 0, 0).click()
    page.keyboard.type("Hello")
    page.keyboard.press("Tab")
    page.keyboard.type("500")
    page.keyboard.press("Enter")
    expect(cell(page, 1, 0)).to_be_focused()
    expect(cell(page, 0, 1)).to_have_attribute("aria-invalid", "true")
    assert rows()[0]["title"] == "Hello"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".grid-says")).to_have_text("want at most 100")
    assert axe(page) == []
    # The form opens beside a cell that is not saved: nobody is asked whether to leave.
    page.keyboard.press("Space")
    page.get_by_role("complementary", name="Row").get_by_role("button", name="Close").click()
    expect(cell(page, 0, 1)).to_be_focused()
    page.keyboard.press("Escape")
    expect(cell(page, 0, 1)).to_have_text("0")
    assert rows()[0]["n"] == 0

    # A cell that may not be changed is marked, and does not open.
    expect(cell(page, 0, 3)).to_have_attribute("aria-readonly", "true")
    cell(page, 0, 3).dblclick()
    expect(page.locator(".grid-editor")).to_have_count(0)

    # Copy, paste over the end, fill down, undo, redo.
    cell(page, 0, 0).click()
    cell(page, 1, 1).click(modifiers=["Shift"])
    assert page.evaluate(COPY) == "Hello\t0\nTask 1\t1"
    cell(page, 5, 0).click()
    page.evaluate(PASTE, 'P0\t10\n"P\t1"\t11\nP2\t12\n')
    expect(page.locator(".rows-status")).to_contain_text("8 rows")
    assert [(row["title"], row["n"]) for row in rows()][5:] == [("P0", 10), ("P\t1", 11), ("P2", 12)]
    page.keyboard.press("Control+z")
    expect(page.locator(".rows-status")).to_contain_text("6 rows")
    assert [(row["title"], row["n"]) for row in rows()][5:] == [("Task 5", 5)]
    page.keyboard.press("Control+y")
    expect(page.locator(".rows-status")).to_contain_text("8 rows")
    cell(page, 1, 1).click()
    cell(page, 3, 1).click(modifiers=["Shift"])
    page.keyboard.press("Control+d")
    saved(page)
    assert [row["n"] for row in rows()][:5] == [0, 1, 1, 1, 4]

    # A text that is no value of its field is told at its cell, and nothing is written.
    cell(page, 0, 0).click()
    page.evaluate(PASTE, "New\tmany\n")
    expect(cell(page, 0, 1)).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".rows-unsaved")).to_contain_text("2 cells are not saved")
    page.get_by_role("button", name="Discard").click()
    assert rows()[0]["title"] == "Hello"

    # Somebody else has changed the same cell.
    page_server.api("PATCH", "/table/Task/rows/1/", {"title": "Theirs"})
    cell(page, 0, 0).click()
    page.keyboard.type("Mine")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Somebody else has changed this cell")
    expect(dialog).to_contain_text("Theirs")
    assert axe(page) == []
    dialog.get_by_role("button", name="Keep mine").click()
    saved(page)
    assert rows()[0]["title"] == "Mine"


def test_rows_are_added_sorted_selected_and_deleted(page_server, open_page, axe, table, rows):
    page = open_page(f"/table/{table}/", scheme="dark")
    expect(cell(page, 0, 0)).to_be_visible()
    before = len(rows())

    # The blank row becomes a new one, which is stored when it is left.
    page.get_by_role("button", name="Add row").click()
    page.keyboard.type("Fresh")
    page.keyboard.press("Tab")
    page.keyboard.type("7")
    page.keyboard.press("Enter")
    expect(page.locator(".rows-status")).to_contain_text(f"{before + 1} rows")
    assert (rows()[-1]["title"], rows()[-1]["n"]) == ("Fresh", 7)

    # The heads sort, by the keyboard, too; the order is in the address.
    page.get_by_role("columnheader", name="n", exact=True).click()
    page.get_by_role("columnheader", name="n", exact=True).press("Enter")
    expect(page.get_by_role("columnheader", name="n", exact=True)).to_have_attribute("aria-sort", "descending")
    assert page.url.endswith("?order=n.desc")
    expect(cell(page, 0, 1)).not_to_have_text("0")

    # A column can be hidden and frozen; the choice is kept.
    page.get_by_role("button", name="Menu of sku").click()
    page.get_by_role("menuitem", name="Hide").click()
    expect(page.get_by_role("columnheader", name="sku")).to_have_count(0)
    page.reload()
    expect(cell(page, 0, 0)).to_be_visible()
    expect(page.get_by_role("columnheader", name="sku")).to_have_count(0)

    # Find, then delete all that is found: the question counts them, and it can be undone.
    cell(page, 0, 0).click()
    page.keyboard.press("Control+f")
    page.get_by_role("searchbox", name="Find in the rows").fill("ask")
    found = [row["id"] for row in rows() if "ask" in row["title"]]
    expect(page.locator(".rows-status")).to_contain_text(f"{len(found)} rows found")
    page.get_by_role("checkbox", name="Select all rows").check()
    page.get_by_role("button", name="Delete").first.click()
    dialog = page.get_by_role("dialog", name=f"Delete {len(found)} rows?")
    expect(dialog).to_contain_text("pin")  # whose values can't be restored
    assert axe(page) == []
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("No rows found")).to_be_visible()
    assert len(rows()) == before + 1 - len(found)
    page.locator(".toasts").get_by_role("button", name="Undo").click()
    expect(page.locator(".rows-status")).to_contain_text(f"{len(found)} rows found")
    saved(page)
    assert len(rows()) == before + 1


def test_the_source_holds_a_part_and_skips_little(open_page, table):
    page = open_page(f"/table/{table}/", size={"width": 390, "height": 844})
    expect(cell(page, 0, 0)).to_be_visible()
    address = page.evaluate(
        "() => document.querySelector('script[type=module]').src.replace('main.js', 'rows/source.js')"
    )
    assert page.evaluate(JUMPS, address) == {"isRight": True, "isBounded": True, "skipped": 0}


#: What the page's records say of names that every plain object has: -> all false and empty.
INHERITED = """async (files) => {
  const { entryOf } = await import(files + "js/access/grants.js");
  const { changed, faultsOf } = await import(files + "js/rows/form/draft.js");
  const { corrections } = await import(files + "js/files/columns.js");
  const entry = entryOf({ tables: {} }, "constructor").entry;
  const { byField } = faultsOf({ errors: [] }, { fields: {} }, []);
  const said = corrections([{ name: "__proto__" }], new Map([[0, { type: "integer" }]]));
  const isLost = JSON.stringify(said) !== '{"__proto__":{"type":"integer"}}';
  return [Object.keys(entry).length, "toString" in byField, "valueOf" in changed({}, {}), isLost].some(Boolean);
}"""


def test_names_that_every_object_has(page_server, open_page):
    fields = {"constructor": "string", "toString": {"type": "string"}, "valueOf": "boolean"}
    table = page_server.api("POST", "/table/", {"model_name": "hasOwnProperty", "fields": fields})
    page_server.api("POST", f"/table/{table['id']}/rows/", {"constructor": "first"})
    tab = open_page(f"/table/{table['id']}/")
    expect(tab.get_by_role("columnheader").filter(has_text="constructor")).to_be_visible()
    expect(tab.get_by_role("gridcell").filter(has_text="first")).to_be_visible()
    # The blank row has none of what objects inherit.
    expect(tab.get_by_role("gridcell").filter(has_text="native code")).to_have_count(0)
    files = tab.evaluate("document.querySelector('link[rel=modulepreload]').href.split('js/')[0]")
    assert not tab.evaluate(INHERITED, files)
