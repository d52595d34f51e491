"""Files as people have them, sent as they are by ``curl --data-binary`` to real servers on both databases.

python -m tests.files FOLDER

For each file: a table with fields named by its first line, whose types are guessed simply. The file is posted, read
back as CSV, and compared value by value. A file that is refused is posted once more with ``dialect=detect``; what was
guessed stands in the table in Markdown that this prints, as do the errors of files that are refused then, too.

Then the service makes a table of the file (``POST /table/?from=file``), read in the same way, and its values are
compared, too. Workbooks are only made tables of.
"""

import argparse
import csv
import io
import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests

from dynmodel_pyramid.exchange.headers import name_of_place, plain_name
from dynmodel_pyramid.testing.databases import DATABASES
from tests.soak.meter import running_server

CSV = "text/csv"
#: The media types of files that are no CSV.
MEDIA_TYPES = {".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
_WHOLE = re.compile(r"-?(?:0|[1-9]\d{0,14})")
_NUMBER = re.compile(r"-?(?:\d{1,15}\.\d{0,15}|\.\d{1,15}|0|[1-9]\d{0,14})")
_WITH_COMMA = re.compile(r"-?(?:(?:\d{1,15}|\d{1,3}(?:\.\d{3})+),\d{1,2}|\d{1,3}(?:\.\d{3}){2,})")


@dataclass
class Sent:
    """What became of one file.

    :param needed: what the table or the request needed, besides the file
    :param refused: the answer's detail and hint
    :param made: the types of the table that the service makes of it, or why it makes none
    """

    name: str
    database: str
    rows: int = 0
    fields: int = 0
    needed: str = "nothing"
    refused: str = ""
    made: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        told = f"refused: {self.refused}" if self.refused else self.needed
        return self.name, str(self.fields), str(self.rows), _cell(told), _cell(self.made)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


@dataclass
class File:
    """A file as its sender sees it.

    :param fields: the names of the columns, but for ``id``, and their types
    :param places: where each of them stands
    :param has_header: whether the first line has the names
    """

    fields: dict[str, str]
    places: list[int]
    rows: list[list[str]]
    needed: list[str]
    has_header: bool = True


def text_of(body: bytes) -> str:
    """:raises ValueError: it is no text"""
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return body.decode("utf-16")
    if body[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        raise ValueError("it is a spreadsheet")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("cp1252")


def read(text: str) -> File:
    """
    :raises csv.Error: it is not CSV
    :raises ValueError: it is empty
    """
    mark = max(",;\t", key=re.sub('"[^"]*"', "", text).partition("\n")[0].count)
    records = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    header, *rows = [record for record in records if record]
    file = File({}, [], rows, [])
    if all(map(_NUMBER.fullmatch, header)):
        header, file.rows, file.has_header = [name_of_place(n + 1) for n in range(len(header))], [header, *rows], False
        rows = file.rows
    for place, written in enumerate(header):
        name, values = plain_name(written), [row[place] for row in rows if place < len(row)]
        if not name and any(values):
            name = name_of_place(place + 1)
            file.needed.append(f"a field {name!r} for the column without a name")
        if name and name.casefold() != "id":
            file.fields[name] = _type(values)
            file.places.append(place)
    return file


def _type(values: list[str]) -> str:
    given = [value for value in values if value]
    if given and all(map(_WHOLE.fullmatch, given)):
        return "integer"
    return "number" if given and any(all(map(form.fullmatch, given)) for form in (_NUMBER, _WITH_COMMA)) else "text"


def send(url: str, path: Path, database: str, number: int) -> Sent:
    """Define a table for a file, send the file, and compare what is stored."""
    sent, body, model = Sent(path.name, database), path.read_bytes(), f"File {number}"
    try:
        file = read(text_of(body))
    except (UnicodeDecodeError, csv.Error, ValueError):
        file = File({"a": "text"}, [0], [], [])
    made = requests.post(f"{url}/table/", json={"model_name": model, "fields": file.fields}, timeout=60)
    if made.status_code != 201:
        sent.refused = f"{_told(made.json())} (the definition)"
        return sent
    address = f"{url}/table/{quote(model)}/rows/"
    parameters = "" if file.has_header else "; header=absent"
    status, answer, guessed = _post(address, path, f"{CSV}{parameters}")
    if status != 201:
        again, other, guessed = _post(address, path, f"{CSV}{parameters}; dialect=detect")
        if again == 201:
            status, parameters = again, f"{parameters}; dialect=detect"
    if parameters:
        file.needed.append(f"{parameters.removeprefix('; ')}" + (f" (guessed: {guessed})" if guessed else ""))
    elif guessed:
        file.needed.append(f"nothing (guessed: {guessed})")
    sent.fields, sent.needed = len(file.fields), "; ".join(file.needed) or "nothing"
    sent.made = make(url, path, f"Made of {number}", file, MEDIA_TYPES.get(path.suffix, f"{CSV}{parameters}"))
    if status != 201:
        sent.refused = _told(answer)
        return sent
    answered = requests.get(f"{address}?order=id", headers={"Accept": "text/csv"}, timeout=60).content.decode()
    stored = list(csv.reader(io.StringIO(answered, newline="")))
    sent.rows = len(stored) - 1
    faults = list(differences(file, stored))
    if faults:
        raise AssertionError(f"{path.name} on {database}: {faults[:5]}")
    return sent


def make(url: str, path: Path, model: str, file: File, media_type: str) -> str:
    """Let the service make a table of a file; -> how many fields of each type it has, or the refusal."""
    address = f"{url}/table/?from=file&name={quote(model)}"
    status, answer, _ = _post(address, path, media_type, "return=representation")
    if status != 201:
        return f"refused: {_told(answer)}"
    columns = [(place, column) for place, column in enumerate(answer["columns"]) if column["field"]]
    kinds = Counter(column["type"] or "id" for _, column in columns)
    types = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    if not media_type.startswith(CSV):
        return types
    address = f"{url}/table/{quote(model)}/rows/?order=id"
    answered = requests.get(address, headers={"Accept": CSV}, timeout=60).content.decode()
    header, *stored = list(csv.reader(io.StringIO(answered, newline="")))
    if len(stored) != len(file.rows):
        raise AssertionError(f"{path.name}: {len(stored)} rows, not {len(file.rows)}")
    for place, column in columns:
        if column["field"] == "id":
            file.rows.sort(key=lambda row: int(row[place]))
    for wanted, found in zip(file.rows, stored, strict=True):
        for place, column in columns:
            one, other = wanted[place], found[header.index(column["field"])]
            if not _is_same(column["type"] or "integer", one, other):
                raise AssertionError(f"{path.name}: {column}: {one!r} became {other!r}")
    return types


def _is_same(kind: str, one: str, other: str) -> bool:
    """Whether a stored value says what the file says."""
    if one == other or not one:
        return one == other
    if kind in ("integer", "number", "decimal"):
        return _value(one.strip()) == float(other)
    return kind not in ("string", "text") and one.strip().lower().replace("/", "-") == other.lower()


def differences(file: File, stored: list[list[str]]) -> Iterator[Any]:
    """The values that are not stored as they were sent."""
    header, *rows = stored
    if len(file.rows) != len(rows):
        yield len(file.rows), len(rows)
    for number, (wanted, found) in enumerate(zip(file.rows, rows, strict=False)):
        for (name, kind), place in zip(file.fields.items(), file.places, strict=True):
            one, other = wanted[place], found[header.index(name)]
            if one != other and not (kind == "number" and one and other and _value(one) == float(other)):
                yield number, name, one, other


def _value(text: str) -> float:
    return float(text if _NUMBER.fullmatch(text) else text.replace(".", "").replace(",", "."))


def _post(address: str, path: Path, media_type: str, preference: str = "return=minimal") -> tuple[int, Any, str]:
    """Status and document of the answer, and what was guessed; of curl if it is there."""
    headers = {"Content-Type": media_type, "Prefer": preference}
    curl = shutil.which("curl")
    if curl is None:
        answer = requests.post(address, data=path.read_bytes(), headers=headers, timeout=60)
        document = answer.json() if answer.content else None
        return answer.status_code, document, answer.headers.get("Content-Guessed", "")
    options = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    command = [
        curl,
        "-sS",
        "--data-binary",
        f"@{path}",
        *options,
        "-w",
        "\n%{http_code} %header{content-guessed}",
        address,
    ]
    text, _, rest = subprocess.run(command, capture_output=True, check=True, text=True).stdout.rpartition("\n")
    status, _, guessed = rest.partition(" ")
    return int(status), json.loads(text) if text else None, guessed


def _told(answer: Any) -> str:
    return f"{answer['detail']}: {answer['hint']}" if answer["hint"] else answer["detail"]


def send_all(folder: Path, databases: tuple[str, ...] = DATABASES) -> list[Sent]:
    """What became of each file of a folder, in the order of names."""
    paths = sorted(path for path in folder.iterdir() if path.is_file() and path.suffix != ".md")
    with ExitStack() as stack:
        urls = {each: stack.enter_context(running_server(each, 2)).url for each in databases}
        return [send(urls[each], path, each, number) for number, path in enumerate(paths) for each in databases]


def markdown(sent: list[Sent]) -> Iterator[str]:
    """A line for each file; two where the databases differ."""
    yield "| file | fields | rows | what it needed | made of it |"
    yield "| --- | --- | --- | --- | --- |"
    by_name: dict[str, list[Sent]] = {}
    for one in sent:
        by_name.setdefault(one.name, []).append(one)
    for each in by_name.values():
        alike = len({one.cells for one in each}) == 1
        for one in each[:1] if alike else each:
            name, *cells = one.cells
            yield f"| {' | '.join([name if alike else f'{name} ({one.database})', *cells])} |"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Send the files of a folder as they are, to both databases.")
    parser.add_argument("folder", type=Path)
    sent = send_all(parser.parse_args(arguments).folder)
    print("\n".join(markdown(sent)))
    taken = {one.name for one in sent if not one.refused}
    made = {one.name for one in sent if not one.made.startswith("refused")}
    files = len({one.name for one in sent})
    print(f"\n{len(taken)} of {files} files were taken as they are, and of {len(made)} a table was made.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
