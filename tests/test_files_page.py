"""docs/files.md: its files and commands, in their order, beside a server on a database."""

from pathlib import Path

from tests.documents import check, examples

PAGE = "docs/files.md"


def test_the_page(server, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for example in examples(PAGE, ("cat", "curl")):
        if example.command.startswith("cat "):
            Path(example.command.split()[1]).write_text(f"{example.expected}\n", encoding="utf-8")
        else:
            check(example, server.url)
