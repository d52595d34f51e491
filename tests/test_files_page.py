"""docs/files.md: its files and commands, in their order, beside a server on a database."""

import re
import shlex
from pathlib import Path

from dynmodel_pyramid.scripts import exporting, importing
from tests.documents import check, examples

PAGE = "docs/files.md"
SCRIPTS = {"dynmodel-import": importing.main, "dynmodel-export": exporting.main}


def test_the_page(server, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    ini = str(server.ini)
    for example in examples(PAGE, ("cat", "curl", *SCRIPTS)):
        program, *arguments = shlex.split(example.command)
        if program == "curl":
            check(example, server.url)
        elif program == "cat":
            path = Path(arguments[0])
            if path.exists():
                assert path.read_text(encoding="utf-8").strip() == example.expected
            path.write_text(f"{example.expected}\n", encoding="utf-8")
        else:
            SCRIPTS[program]([ini, *arguments[1:]])
            told = capsys.readouterr()
            pattern = ".*".join(map(re.escape, example.expected.split("...")))
            assert re.fullmatch(pattern, (told.err + told.out).strip(), re.DOTALL), (example.command, told)
