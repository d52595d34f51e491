"""Runs the examples of Markdown documents: ``console`` blocks with curl commands, against a real server.

A block holds commands (``$ curl ...``, which may go on after a backslash) and below each what is printed. ``...`` in an
expected line stands for any text. JSON is compared as JSON, so that documents may lay it out for reading.

``$ TOKEN=$(dynmodel-token create ...)`` sets a variable, which later commands may use in double quotes; these need a
:class:`Shell`.
"""

import contextlib
import io
import json
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from dynmodel_pyramid.scripts import token, user

ROOT = Path(__file__).parent.parent
#: The address that documents use.
ADDRESS = "http://127.0.0.1:6543"
#: Console scripts that examples may run on the database of the server.
SCRIPTS = {"dynmodel-token": token.main, "dynmodel-user": user.main}
_ASSIGNMENT = re.compile(r"(\w+)=\$\((.*)\)\Z", re.DOTALL)
_BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Example:
    command: str
    expected: str


def examples(document: str, programs: tuple[str, ...] = ("curl",)) -> Iterator[Example]:
    """The examples of a document that run one of these programs, in their order."""
    for block in _BLOCK.findall((ROOT / document).read_text(encoding="utf-8")):
        yield from examples_of(block, programs)


def examples_of(block: str, programs: tuple[str, ...]) -> Iterator[Example]:
    """The examples of one block."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        end = next(number for number in range(1, len(lines) + 1) if _is_whole("\n".join(lines[:number])))
        command = "\n".join(lines[:end]).replace("\\\n", " ")
        if program(command) in programs:
            yield Example(command, "\n".join(lines[end:]).strip())


def program(command: str) -> str:
    """The name of the program that a command runs, without its folder and the variable that keeps what it prints."""
    assigned = _ASSIGNMENT.match(command)
    return (assigned[2] if assigned else command).split(" ")[0].rpartition("/")[2]


def _is_whole(command: str) -> bool:
    """Whether a shell would begin to run it: no backslash at its end, no quote open."""
    try:
        shlex.split(command)
    except ValueError:
        return False
    return not command.endswith("\\")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a curl command prints of an answer."""

    status_code: int
    reason: str
    headers: Any
    text: str


#: (method, address, headers, body) -> an answer
Send = Callable[[str, str, dict[str, str], bytes | None], Any]


def by_http(method: str, target: str, headers: dict[str, str], body: bytes | None) -> Any:
    return requests.request(method, target, headers=headers, data=body, timeout=30)


def run(command: str, url: str, send: Send = by_http) -> str:
    """Do what a curl command says; -> what curl would print.

    It knows -s, -i, -X, -H, -d, --data-binary @file, and -o /dev/null with -w.
    """
    arguments = iter(shlex.split(command)[1:])
    method, headers, data, target, show_headers, written = None, {}, None, None, False, None
    for argument in arguments:
        if argument == "-X":
            method = next(arguments)
        elif argument == "-H":
            name, _, value = next(arguments).partition(":")
            headers[name] = value.strip()
        elif argument == "-d":
            data = next(arguments).encode()
        elif argument == "--data-binary":
            data = Path(next(arguments).removeprefix("@")).read_bytes()
        elif argument == "-w":
            written = next(arguments)
        elif argument == "-o":
            assert next(arguments) == "/dev/null"
        elif argument == "-i":
            show_headers = True
        elif argument.startswith("http"):
            target = argument.replace(ADDRESS, url)
        elif argument != "-s":
            raise ValueError(f"an option of curl that the tests don't know: {argument}")
    if data is not None:
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
    method = method or ("POST" if data is not None else "GET")
    answer = send(method, target, headers, data)
    if written is not None:
        return written.replace("%{http_code}", str(answer.status_code))
    if not show_headers:
        return answer.text.strip()
    lines = [f"HTTP/1.1 {answer.status_code} {answer.reason}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    return "\n".join(lines) + "\n\n" + answer.text.strip()


class Shell:
    """Runs the examples of a document, and keeps the variables that they set.

    :param ini: the INI file of the server's database, which the console scripts get
    """

    def __init__(self, url: str, ini: str, send: Send = by_http) -> None:
        self._url, self._ini, self._send = url, ini, send
        self.variables: dict[str, str] = {}

    def check(self, example: Example) -> None:
        command = re.sub(r"\$([A-Z]+)\b", lambda found: self.variables[found[1]], example.command)
        assigned = _ASSIGNMENT.match(command)
        if program(command) == "curl":
            check(Example(command, example.expected), self._url, self._send)
        elif assigned:
            self.variables[assigned[1]] = self._printed(assigned[2])
        else:
            assert _matches(example.expected, self._printed(command))

    def _printed(self, command: str) -> str:
        _, *arguments = shlex.split(command)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
            status = SCRIPTS[program(command)]([self._ini if word.endswith(".ini") else word for word in arguments])
        assert status == 0, command
        return printed.getvalue().strip()


def check(example: Example, url: str, send: Send = by_http) -> None:
    """Run one example and compare."""
    printed = run(example.command, url, send)
    head, expected_head, body, expected_body = "", "", printed, example.expected
    if " -i " in example.command:
        expected_head, _, expected_body = example.expected.partition("\n\n")
        head, _, body = printed.partition("\n\n")
    where = f"$ {example.command}\nprinted:\n{printed}"
    for line in expected_head.splitlines():
        assert any(_matches(line, found) for found in head.splitlines()), f"{where}\nwithout: {line}"
    assert _same(expected_body.strip(), body.strip()), f"{where}\nexpected:\n{expected_body}"


def _matches(expected: str, found: str) -> bool:
    pattern = ".*".join(re.escape(part) for part in expected.strip().split("..."))
    return re.fullmatch(pattern, found.strip(), re.IGNORECASE | re.DOTALL) is not None


def _same(expected: str, found: str) -> bool:
    try:
        return equal(json.loads(expected), json.loads(found))
    except ValueError:
        return _matches(re.sub(r"\s+", "", expected), re.sub(r"\s+", "", found))


def equal(expected, found) -> bool:
    """Equality of JSON values, in which the string ``...`` equals anything."""
    if expected == "...":
        return True
    if isinstance(expected, dict) and isinstance(found, dict):
        return expected.keys() == found.keys() and all(equal(expected[key], found[key]) for key in expected)
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(map(equal, expected, found))
    return expected == found
