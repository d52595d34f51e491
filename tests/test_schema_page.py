"""docs/schema.md: its files and commands, in their order, beside a server on the same database."""

import re
import shlex

from dynmodel_pyramid.scripts import schema
from tests.documents import ROOT, Example, check, examples

PAGE = "docs/schema.md"


def test_the_page(server, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    files = re.findall(r"^```yaml\n# (\S+)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    commands = list(examples(PAGE, ("curl", "dynmodel-schema")))
    assert len(files) == 2 and len(commands) == 9
    for example in commands:
        if example.command.startswith("curl "):
            check(example, server.url)
            continue
        if " plan " in example.command:
            name, content = files.pop(0)
            (tmp_path / name).write_text(content, encoding="utf-8")
        run(example, str(server.ini), capsys)


def run(example: Example, ini: str, capsys) -> None:
    _, _, *arguments = shlex.split(example.command)
    schema.main([ini, *arguments])
    told = capsys.readouterr()
    pattern = ".*".join(map(re.escape, example.expected.split("...")))
    assert re.fullmatch(pattern, (told.out + told.err).strip(), re.DOTALL), (example.command, told.out + told.err)
