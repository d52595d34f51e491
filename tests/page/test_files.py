"""Tables made of files, files into tables, rows as files, and requests for programs."""

import ast
import json
import shutil
import subprocess
import sys
from urllib.parse import urlencode

import pytest
import requests

SWEETS = ["Bar", "<b>Ö</b>", "🍬"] * 4
LINES = [f'"{name}, the {n}.",{n / 4},{n % 2},{n}.50,2026-01-{n + 1:02}' for n, name in enumerate(SWEETS)]
CANDY = "\r\n".join(["Name,Sugar (%),Chocolate,won,when", *LINES, ""])
DROPPED = """([name, text]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name));
  return data;
}"""


@pytest.fixture(scope="module")
def candy(tmp_path_factory):
    path = tmp_path_factory.mktemp("files") / "candy data.csv"
    path.write_text(CANDY, encoding="utf-8")
    return path


def drop(page, path):
    """As a person drops a file anywhere on the page."""
    handle = page.evaluate_handle(DROPPED, [path.name, path.read_text(encoding="utf-8")])
    for event in ("dragenter", "dragover", "drop"):
        page.dispatch_event("main", event, {"dataTransfer": handle})


def test_a_dropped_file_becomes_a_table(page_server, open_page, axe, candy):
    page = open_page("/")
    drop(page, candy)
    page.get_by_role("heading", name="candy data.csv").wait_for()
    make = page.get_by_role("button", name="Create table with 12 rows")
    make.wait_for()
    assert axe(page) == []
    page.get_by_label("Type of won").select_option("number")
    page.get_by_label("Field for Name").fill("Sweet")
    page.get_by_role("checkbox", name="when").uncheck()
    page.get_by_role("columnheader", name="Sweet").wait_for()
    make.click()
    page.wait_for_url("**/ui/table/*/")
    definition = page_server.api("GET", "/table/candy data/")
    fields = {name: field["type"] for name, field in definition["fields"].items()}
    assert fields == {"Sweet": "string", "Sugar (%)": "number", "Chocolate": "integer", "won": "number"}
    assert len(page_server.api("GET", "/table/candy data/rows/")) == 12


def test_bad_rows_are_named_and_the_others_are_loaded(page_server, open_page, axe, tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text("a,b\n1,2\nx,3\n4\n5,6\n")
    page = open_page("/import/", scheme="dark")
    page.set_input_files("input[type=file]", path)
    page.get_by_label("Type of a").select_option("integer")
    page.get_by_text("2 rows do not fit").first.wait_for()
    assert axe(page) == []
    assert page.get_by_role("row").filter(has_text="x,3").inner_text().split("\t")[:1] == ["3"]
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save the refused rows").click()
    assert "3,2,a: want a whole number" in saved.value.path().read_text(encoding="utf-8-sig")
    page.get_by_role("button", name="Create table with the 2 good rows").click()
    page.get_by_role("heading", name="bad created").wait_for()
    assert [row["a"] for row in page_server.api("GET", "/table/bad/rows/?order=id")] == [1, 5]


MOUNT = """async ([module, name, table, query]) => {
  const files = new URL("../", document.querySelector("script[type=module]").src).href;
  const { html, render } = await import(`${files}vendor/preact.js`);
  const part = await import(files + module);
  const { loadTable, loadFieldTypes } = await import(`${files}js/core/state.js`);
  await loadFieldTypes();
  const place = document.createElement("div");
  document.querySelector("main").prepend(place);
  render(html`<${part[name]} table=${await loadTable(table)} query=${new URLSearchParams(query)} />`, place);
}"""
#: Names and values that shells, addresses and languages read otherwise than they stand there.
ODD = {
    "model_name": "It's $HOME `&` \\n",
    "fields": {'"quoted"': "string", "a'b$(x)": "integer", "plain, (x)": "number"},
}
VALUES = ["x", "it's", '"', "`id` $(id) $HOME", "a\\nb", "%41&b=c#d", "Ö 🍬", "{a,b}[1-2]", "line\nbreak", "!!"]


@pytest.fixture(scope="module")
def odd(page_server):
    table = page_server.api("POST", "/table/", ODD)
    rows = [{'"quoted"': value, "a'b$(x)": n, "plain, (x)": n / 2} for n, value in enumerate(VALUES)]
    page_server.api("POST", f"/table/{table['id']}/rows/", rows)
    return f"/table/{table['id']}/"


def query(*pairs):
    return urlencode(pairs)


def test_a_file_goes_into_a_table(page_server, open_page, axe, tmp_path):
    fields = {"code": {"type": "string", "unique": True}, "Price (EUR)": "number"}
    path = page_server.api("POST", "/table/", {"model_name": "Part", "fields": fields})["id"]
    page_server.api("POST", f"/table/{path}/rows/", {"code": "A", "Price (EUR)": 1})
    file = tmp_path / "parts.csv"
    file.write_text("CODE;price eur;junk\nA;2,5;x\nB;2,5\nC;3,5;z\nD;n/a;z\n")
    page = open_page(f"/table/{path}/import/")
    page.set_input_files("input[type=file]", file)
    page.get_by_text("How it is read:").click()
    page.get_by_label("Words for empty values").fill("n/a")
    page.get_by_label("Update rows with the same code").check()
    page.get_by_label("The good rows are stored").check()
    page.get_by_role("button", name="Load 3 rows").wait_for()
    assert axe(page) == []
    page.get_by_role("button", name="Load 3 rows").click()
    page.get_by_text("2 new, 1 updated, 1 refused").wait_for()
    rows = page_server.api("GET", f'/table/{path}/rows/?select=code,price:"Price (EUR)"&order=id')
    assert rows == [{"code": "A", "price": 2.5}, {"code": "C", "price": 3.5}, {"code": "D", "price": None}]


def test_rows_in_view_are_the_bytes_of_the_api(page_server, open_page, axe, odd):
    select = '"\\"quoted\\"","a\'b$(x)"'
    asked = query(('"a\'b$(x)"', "lt.8"), ("order", '"plain, (x)".desc'), ("select", select))
    page = open_page("/")
    page.evaluate("delete window.showSaveFilePicker")
    page.evaluate(MOUNT, ["js/files/export.js", "Export", odd.split("/")[2], asked])
    page.get_by_role("button", name="Export").click()
    page.get_by_role("dialog").get_by_text("8 rows").wait_for()
    assert axe(page) == []
    wanted = requests.get(f"{page_server.url}{odd}rows/?{asked}", headers={"Accept": "text/csv"}, timeout=30).content
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as a file").click()
    assert saved.value.suggested_filename.endswith(".csv") and saved.value.path().read_bytes() == wanted
    # Where pages may write files, the answer is piped.
    page.evaluate(
        """() => { window.chunks = []; window.showSaveFilePicker = async (asked) => ({ name: asked.suggestedName,
          createWritable: async () => new WritableStream({ write: (chunk) => { chunks.push(...chunk); } }) }); }"""
    )
    page.get_by_role("button", name="Export").click()
    page.get_by_role("button", name="Save as a file").click()
    page.get_by_text("saved:").wait_for()
    assert bytes(page.evaluate("chunks")) == wanted


def test_copied_requests_run(page_server, open_page, axe, odd):
    """They say the same as the page, in a shell, in Python and in JavaScript, whatever stands in names and values."""
    page = open_page("/")
    values = ",".join(json.dumps(value, ensure_ascii=False).replace("\\n", "\n") for value in VALUES[1:])
    asked = [("or", f'("\\"quoted\\"".in.({values}))'), ('"a\'b$(x)"', "gt.0"), ("order", '"a\'b$(x)".desc')]
    wanted = requests.get(f"{page_server.url}{odd}rows/", params=asked, timeout=30)
    assert wanted.status_code == 200 and len(wanted.json()) > 5, wanted.text
    page.evaluate(MOUNT, ["js/requests/index.js", "ApiButton", odd.split("/")[2], query(*asked)])
    page.get_by_role("button", name="API").click()
    assert axe(page) == []
    node = shutil.which("node")
    runs = {"curl": ["sh", "-c"], "Python": [sys.executable, "-c"], "JavaScript": [node, "--input-type=module", "-e"]}
    for language, command in runs.items():
        page.get_by_role("tab", name=language).click()
        code = page.locator("pre").inner_text()
        done = subprocess.run([*command, code], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, (code, done.stderr)
        told = ast.literal_eval(done.stdout) if language == "Python" else json.loads(done.stdout)
        assert told == wanted.json(), code
    page.get_by_role("tab", name="curl").click()
    page.get_by_role("button", name="Add a row").click()
    code = page.locator("pre").inner_text()
    made = json.loads(subprocess.run(["sh", "-c", code], capture_output=True, text=True, timeout=60).stdout)
    assert made["a'b$(x)"] == 42 and made["id"] == len(VALUES) + 1
