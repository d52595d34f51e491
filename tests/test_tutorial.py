"""The tutorial of docs/field-types.md, done as it says: a skeleton, edited, tested, installed and served.

Its own tests run on both databases; it is served on one.
"""

import re
import shlex
from pathlib import Path

import pytest

from dynmodel_pyramid.scripts.new_field_type import main
from tests.documents import ROOT, check, examples
from tests.plugins import install, path_with, run
from tests.server_process import Server

PAGE = "docs/field-types.md"


def steps() -> list[tuple[str, str]]:
    """The blocks of the tutorial, (language, text), in their order."""
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    tutorial = text.split("## A type in ten minutes")[1].split("\n## ")[0]
    return re.findall(r"^```(\w+)\n(.*?)^```$", tutorial, re.DOTALL | re.MULTILINE)


def apply(diff: str, folder: Path) -> None:
    """Replace lines; each group of ``-`` lines, without their sign, must be in the file once."""
    first, *lines = diff.splitlines()
    path = folder / first.removeprefix("--- ")
    text = path.read_text(encoding="utf-8")
    for old, new in re.findall(r"((?:^-.*\n)+)((?:^\+.*\n)+)", "\n".join([*lines, ""]), re.MULTILINE):
        old, new = ("".join(line[1:] + "\n" for line in part.splitlines()).rstrip() for part in (old, new))
        assert text.count(old) == 1, f"{path.name} has not one {old!r}"
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


@pytest.mark.long
def test_the_tutorial(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    done, sites = [], tmp_path / "sites"
    for language, text in steps():
        if language == "diff":
            apply(text, tmp_path)
            continue
        for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            command, _, printed = part.partition("\n")
            program = command.split()[0]
            arguments = [] if program == "curl" else shlex.split(command)[1:]
            done.append(program)
            if program == "dynmodel-new-field-type":
                assert main(arguments) == 0
                assert capsys.readouterr().out == printed
            elif program == "pytest":
                # pip install -e would write into this environment: each time it is installed anew, elsewhere.
                site = install(tmp_path / "parts", sites / str(len(done)))
                passed = run("pytest", "-p", "no:cacheprovider", *arguments, path=site)
                assert passed.returncode == 0, passed.stdout[-3000:] + passed.stderr[-1000:]
            elif program == "dynmodel-field-types":
                (tmp_path / "listed.py").write_text("from dynmodel_pyramid.scripts.field_types import main; main()")
                assert re.search("^part_number +dynmodel-part-number", run("listed", path=site).stdout, re.MULTILINE)
            elif program == "pserve":
                server = Server(
                    {"sqlalchemy.url": f"sqlite:///{tmp_path}/data.sqlite", "dynmodel.access": "open"},
                    tmp_path,
                    environment={"PYTHONPATH": path_with(site)},
                )
            else:
                assert program in ("pip", "curl"), f"the test can't do {command}"
    assert done.count("pytest") == 2 and done[-1] == "curl"
    server.start()
    try:
        for example in examples(PAGE):
            check(example, server.url)
    finally:
        server.stop()
