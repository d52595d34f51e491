"""``dynmodel-import`` and ``dynmodel-export``, on both databases."""

import gzip
import io
import json
import sys
from contextlib import nullcontext

import brotli
import pytest

from dynmodel_pyramid.exchange.codings import zstd
from dynmodel_pyramid.scripts import exporting, importing
from dynmodel_pyramid.scripts.progress import Progress
from tests.server_process import write_ini

CSV = "id,name,zip,price\r\n3,Ä,01234,19.90\r\n1,b,,5.00\r\n"


@pytest.fixture
def console(settings, make_app, tmp_path, capsys, monkeypatch):
    """A function that runs a command with some files; -> exit status, output, errors.

    The commands share an application, because making one takes longer than all that they do; ``anew`` makes one.
    """
    shared = make_app().app.registry
    ini = str(write_ini(tmp_path, settings, port=1))
    monkeypatch.chdir(tmp_path)

    def run(main, *arguments, stdin=None, anew=False):
        with monkeypatch.context() as patches:
            if not anew:
                patches.setattr(importing, "registry_of", lambda ini: nullcontext(shared))
            if stdin is not None:
                patches.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
            status = main([ini, *arguments])
        told = capsys.readouterr()
        return status, told.out, told.err

    return run


def test_there_and_back(console, tmp_path):
    (tmp_path / "a.csv").write_bytes(CSV.encode())
    status, out, _ = console(importing.main, "a.csv", "--table", "A", "--create", "--plan")
    assert status == 0 and '"model_name": "A"' in out and "id: the ids of the rows" in out
    status, out, err = console(importing.main, "a.csv", "--table", "A", "--create", anew=True)
    assert (status, out) == (0, "Table A made, 2 rows written.\n") and "price: decimal" in err
    exported = console(exporting.main, "b.csv", "--table", "A", "--query", "order=id.desc", anew=True)
    assert exported == (0, "2 rows written.\n", "")
    assert (tmp_path / "b.csv").read_bytes() == CSV.encode()
    # Into the same table: refused as a whole, merged by ids, added under new ids.
    assert console(importing.main, "b.csv", "--table", "A", "--quiet")[0] == 3
    assert "2 of them were there" in console(importing.main, "b.csv", "--table", "A", "--upsert")[1]
    assert console(importing.main, "b.csv", "--table", "A", "--columns", "name,price")[:2] == (0, "2 rows written.\n")
    # Packed files.
    unpack = {"gz": gzip.decompress, "zst": zstd().decompress, "br": brotli.decompress}
    for suffix, unpacked in unpack.items():
        name = f"all.ndjson.{suffix}"
        assert console(exporting.main, name, "--table", "A", "--query", "select=id&order=id")[0] == 0
        lines = unpacked((tmp_path / name).read_bytes()).splitlines()
        assert [json.loads(line)["id"] for line in lines] == [1, 3, 4, 5]
        arguments = (name, "--table", "A", "--upsert", "--part-rows", "3")
        assert console(importing.main, *arguments)[1] == "4 rows written, 4 of them were there.\n"
        (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:-3])
        status, _, err = console(importing.main, *arguments)
        assert status == 3 and "cut off" in err and "its name" in err
    status, out, _ = console(importing.main, "-", "--format", "ndjson", "--table", "A", stdin=b'{"name": "x"}\n')
    assert (status, out) == (0, "1 rows written.\n")
    assert sorted(path.name for path in tmp_path.glob("*unfinished")) == []


def test_many_rows_and_parts(console, tmp_path):
    lines = "".join(f"{n},row {n}\n" for n in range(2500))
    (tmp_path / "n.csv").write_text("n,t\n" + lines)
    (tmp_path / "m.csv").write_text("n,t\n" + lines + "x,y\n")
    assert console(importing.main, "n.csv", "--table", "N", "--create")[1].endswith("2500 rows written.\n")
    status, out, err = console(importing.main, "m.csv", "--table", "N")
    assert (status, out) == (3, "") and "/2500/n" in err
    status, _, err = console(importing.main, "m.csv", "--table", "N", "--part-rows", "1000")
    assert status == 3 and "2000 rows are written. Go on with --resume, or with --skip-rows 2000 if" in err
    parts = ("--table", "N", "--part-rows", "1000")
    assert "2000 rows" in console(importing.main, "m.csv", *parts, "--resume")[2]
    assert console(importing.main, "n.csv", *parts, "--resume")[0] == 3  # another file
    assert console(importing.main, "n.csv", *parts, "--skip-rows", "2000")[:2] == (0, "500 rows written.\n")
    # All of it is written: nothing is left.
    resumed = console(importing.main, "n.csv", *parts, "--resume")
    assert resumed == (0, "0 rows written.\n", "Going on after 2500 rows.\n")
    # The same file once more, on purpose; and other options are another import.
    assert console(importing.main, "n.csv", *parts)[:2] == (0, "2500 rows written.\n")
    status, _, err = console(importing.main, "n.csv", *parts, "--columns", "n", "--resume")
    assert status == 3 and "--resume" in err


def test_good_rows_are_kept(console, tmp_path):
    (tmp_path / "n.csv").write_text("n,t\n1,a\n")
    console(importing.main, "n.csv", "--table", "N", "--create")
    (tmp_path / "m.csv").write_text("n,t\n2,b\nx,c\n3\n4,d\n")
    arguments = ("m.csv", "--table", "N", "--on-error", "skip")
    status, out, err = console(importing.main, *arguments, "--refused", "bad.ndjson")
    assert (status, out, err) == (1, "2 rows written. 2 refused.\n", "")
    bad = [json.loads(line) for line in (tmp_path / "bad.ndjson").read_text().splitlines()]
    assert [(row["number"], row["raw"]) for row in bad] == [(1, "x,c"), (2, "3")]
    assert bad[0]["errors"][0]["pointer"] == "/1/n" and bad[1]["line"] == 4
    (tmp_path / "m.csv").write_text("n,t\nx,c\n")
    status, out, err = console(importing.main, *arguments)
    assert (status, out) == (3, "") and err.startswith('{"number": 0')
    (tmp_path / "m.csv").write_text("n,t\n5,c\n")
    assert console(importing.main, *arguments)[:2] == (0, "1 rows written.\n")


def test_failures(console, tmp_path):
    (tmp_path / "a.csv").write_bytes(CSV.encode())
    for arguments, told in (
        (["none.csv", "--table", "A"], "none.csv"),
        (["a.csv", "--table", "Nothing"], "no table 'Nothing'"),
        (["a.unknown", "--table", "A"], "--format"),
        (["a.csv", "--table", "A", "--sheet", "1"], "no parameter sheet"),
        (["a.csv", "--table", "_", "--create"], "underscore"),
    ):
        status, _, err = console(importing.main, *arguments)
        assert status == 3 and told in err and "Traceback" not in err
    assert importing.main(["none.ini", "a.csv", "--table", "A"]) == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ["a.csv"],
        ["a.csv", "--table", "A", "--create", "--upsert"],
        [],
        ["a.csv", "--table", "A", "--refused", "b"],
        ["a.csv", "--table", "A", "--skip-rows", "5"],
        ["a.csv", "--table", "A", "--part-rows", "0"],
        ["a.csv", "--table", "A", "--part-rows", "9", "--skip-rows", "-1"],
        ["a.csv", "--table", "A", "--part-rows", "9", "--skip-rows", "5", "--resume"],
    ],
)
def test_usage(arguments):
    with pytest.raises(SystemExit) as ended:
        importing.main(["x.ini", *arguments])
    assert ended.value.code == 2


def test_a_failed_export_leaves_the_file(console, tmp_path):
    (tmp_path / "a.csv").write_bytes(CSV.encode())
    console(importing.main, "a.csv", "--table", "A", "--create")
    for arguments in (["--table", "B"], ["--table", "A", "--query", "nothing=eq.1"], ["--table", "A", "--query", "("]):
        status, _, err = console(exporting.main, "a.csv", *arguments)
        assert status == 3 and "Traceback" not in err
    assert (tmp_path / "a.csv").read_bytes() == CSV.encode() and list(tmp_path.glob("*unfinished")) == []


def test_an_interrupted_import_writes_nothing(console, tmp_path, monkeypatch):
    (tmp_path / "n.csv").write_text("n\n" + "1\n" * 3000)
    console(importing.main, "n.csv", "--table", "N", "--create")

    def interrupt(self, rows):
        raise KeyboardInterrupt

    with monkeypatch.context() as patches:
        patches.setattr(Progress, "__call__", interrupt)
        assert console(importing.main, "n.csv", "--table", "N")[0] == 130
    assert console(exporting.main, "out.json", "--table", "N")[1] == "3000 rows written.\n"


def test_progress(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    def told(stream, *arguments, **options):
        progress = Progress("A", *arguments, stream=stream, **options)
        for rows in (2000, 50_000):
            progress(rows)
        progress.end()
        return stream.getvalue()

    assert told(Terminal()) == told(io.StringIO()) == ""  # it is too young
    monkeypatch.setattr("dynmodel_pyramid.scripts.progress._ON_TERMINAL", 1e-9)
    monkeypatch.setattr("dynmodel_pyramid.scripts.progress._ELSEWHERE", 1e-9)
    assert told(Terminal(), is_quiet=True) == told(io.StringIO(), is_quiet=True) == ""
    states = [state for state in told(Terminal(), 100, lambda: 25).split("\r") if state]
    assert states[0].startswith("A:  25%|") and "| 2.00k/8.00k [00:00<00:0" in states[0] and " rows/s]" in states[0]
    assert states[-1].isspace()  # the line is free
    lines = told(io.StringIO(), 100, lambda: 25).splitlines()
    assert [line[:19] for line in lines] == ["A:  25% 2.00k/8.00k", "A:  25% 50.0k/200k "]
    assert told(io.StringIO()).startswith("A: 2.00k rows [00:00, ")


def test_a_backup(console, make_app, tmp_path):
    (tmp_path / "a.csv").write_bytes(CSV.encode())
    console(importing.main, "a.csv", "--table", "A", "--create")
    assert console(exporting.main, "backup.zip", "--quiet") == (0, "1 tables with 2 rows saved.\n", "")
    status, _, err = console(importing.main, "backup.zip")
    assert status == 3 and "--beside-others" in err
    make_app().put_json("/schema/", {"tables": {}})
    assert console(importing.main, "backup.zip", anew=True)[:2] == (0, "1 tables with 2 rows restored.\n")
    assert console(exporting.main, "b.csv", "--table", "A", "--query", "order=id.desc")[0] == 0
    assert (tmp_path / "b.csv").read_bytes() == CSV.encode()
    for arguments in (["backup.zip", "--format", "csv"], ["a.csv"], ["backup.zip", "--table", "A", "--beside-others"]):
        with pytest.raises(SystemExit) as ended:
            console(importing.main, *arguments)
        assert ended.value.code == 2
    with pytest.raises(SystemExit):
        console(exporting.main, "-")
    assert console(exporting.main, ".")[0] == 3
