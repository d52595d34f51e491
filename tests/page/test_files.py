"""Tables made of files, files into tables, rows as files, and requests for programs."""

import pytest

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
    make = page.get_by_role("button", name="Make the table with 12 rows")
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
    assert '"3","2","a: want a whole number' in saved.value.path().read_text(encoding="utf-8-sig")
    page.get_by_role("button", name="Make the table with the 2 good rows").click()
    page.get_by_role("heading", name="bad is made").wait_for()
    assert axe(page) == []
    assert [row["a"] for row in page_server.api("GET", "/table/bad/rows/?order=id")] == [1, 5]
