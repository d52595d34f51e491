"""Make the files of :mod:`tests.upgrades`.

python -m tests.upgrades.make
python -m tests.upgrades.make 0004 0007

It needs the history of the repository, and pg_dump.
"""

import argparse
import gzip
import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from dynmodel_pyramid.testing.databases import postgresql_url
from tests.documents import ROOT
from tests.system_tables import libpq
from tests.upgrades import COMMITS, DATA, SCHEMA

STORY = Path(__file__).with_name("story.py")


def code_of(commit: str, folder: Path) -> dict[str, str]:
    """Unpack the code of a commit, with its entry points; -> the environment in which it is imported."""
    packed = subprocess.run(["git", "archive", commit], cwd=ROOT, check=True, capture_output=True).stdout
    subprocess.run(["tar", "x"], cwd=folder, input=packed, check=True)
    subprocess.run([sys.executable, "setup.py", "-q", "egg_info"], cwd=folder, check=True, capture_output=True)
    return {**os.environ, "PYTHONPATH": str(folder), "PYTHONWARNINGS": "ignore"}


def tell(settings: dict[str, str], revision: str, environment: dict[str, str], folder: Path) -> str:
    """Run the story on a database; -> its answers."""
    (folder / "settings.json").write_text(json.dumps(settings))
    command = [sys.executable, STORY, folder / "settings.json", folder / "answers.json", revision]
    subprocess.run(command, cwd=folder, env=environment, check=True)
    return (folder / "answers.json").read_text()


def sqlite(revision: str, environment: dict[str, str], folder: Path) -> tuple[str, bytes]:
    answers = tell({"sqlalchemy.url": f"sqlite:///{folder}/data.sqlite"}, revision, environment, folder)
    with closing(sqlite3.connect(folder / "data.sqlite")) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")  # all of it in one file
    return answers, gzip.compress((folder / "data.sqlite").read_bytes(), mtime=0)


def postgresql(revision: str, environment: dict[str, str], folder: Path) -> tuple[str, bytes]:
    url = sa.make_url(postgresql_url())
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    drop = sa.schema.DropSchema(SCHEMA, cascade=True, if_exists=True)
    with engine.begin() as connection:
        connection.execute(drop)
    settings = {"sqlalchemy.url": url.render_as_string(hide_password=False), "dynmodel.schema": SCHEMA}
    answers = tell(settings, revision, environment, folder)
    options = ["--no-owner", "--no-privileges", "--inserts", f"--schema={SCHEMA}"]
    dump = subprocess.run(["pg_dump", f"--dbname={libpq(url)}", *options], check=True, capture_output=True, text=True)
    with engine.begin() as connection:
        connection.execute(drop)
    lines = re.sub(r"(?m)^(?:--.*|SET .*|SELECT pg_catalog\.set_config.*|\\.*|)\n", "", dump.stdout)
    return answers, lines.encode()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("revisions", nargs="*", metavar="REVISION")
    DATA.mkdir(exist_ok=True)
    for revision in parser.parse_args().revisions or COMMITS:
        answers, tokens = "", {}
        for make, ending in ((sqlite, "sqlite.gz"), (postgresql, "sql")):
            with tempfile.TemporaryDirectory() as name:
                environment = code_of(COMMITS[revision], Path(name))
                answers, content = make(revision, environment, Path(name))
            tokens[make.__name__] = json.loads(answers)["token"]
            (DATA / f"{revision}.{ending}").write_bytes(content)
        told = json.dumps({**json.loads(answers), "token": tokens}, ensure_ascii=False, indent=1)
        (DATA / f"{revision}.json").write_text(told + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
