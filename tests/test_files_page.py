"""docs/files.md: its files and commands, in their order, beside a server on a database."""

import re
import shlex
from pathlib import Path

from dynmodel_pyramid.scripts import exporting, importing
from dynmodel_pyramid.testing.databases import database_settings
from tests.documents import check, examples
from tests.server_process import write_ini
from tests.system_tables import make_system_tables

PAGE = "docs/files.md"
SCRIPTS = {"dynmodel-import": importing.main, "dynmodel-export": exporting.main}


def test_the_page(server, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    with database_settings("sqlite", tmp_path / "empty") as settings:
        make_system_tables(settings)
        inis = {"production.ini": str(server.ini), "empty.ini": str(write_ini(tmp_path, settings, port=1))}
        run(server.url, inis, capsys)


def run(url, inis, capsys):
    for example in examples(PAGE, ("cat", "curl", *SCRIPTS)):
        program, *arguments = shlex.split(example.command)
        if program == "curl":
            check(example, url)
        elif program == "cat":
            path = Path(arguments[0])
            if path.exists():
                assert path.read_text(encoding="utf-8").strip() == example.expected
            path.write_text(f"{example.expected}\n", encoding="utf-8")
        else:
            SCRIPTS[program]([inis[arguments[0]], *arguments[1:]])
            told = capsys.readouterr()
            pattern = ".*".join(map(re.escape, example.expected.split("...")))
            assert re.fullmatch(pattern, (told.err + told.out).strip(), re.DOTALL), (example.command, told)
