"""Runs the examples of Markdown documents: ``console`` blocks with curl commands, against a real server.

A block holds commands (``$ curl ...``, which may go on after a backslash) and below each what is printed. ``...`` in an
expected line stands for any text. JSON is compared as JSON, so that documents may lay it out for reading.
"""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import requests

ROOT = Path(__file__).parent.parent
#: The address that documents use.
ADDRESS = "http://127.0.0.1:6543"
_BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Example:
    command: str
    expected: str


def examples(document: str, programs: tuple[str, ...] = ("curl",)) -> Iterator[Example]:
    """The examples of a document that run one of these programs, in their order."""
    for block in _BLOCK.findall((ROOT / document).read_text(encoding="utf-8")):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            lines = part.splitlines()
            end = next(number for number in range(1, len(lines) + 1) if _is_whole("\n".join(lines[:number])))
            command = "\n".join(lines[:end]).replace("\\\n", " ")
            if command.split(" ")[0] in programs:
                yield Example(command, "\n".join(lines[end:]).strip())


def _is_whole(command: str) -> bool:
    """Whether a shell would begin to run it: no backslash at its end, no quote open."""
    try:
        shlex.split(command)
    except ValueError:
        return False
    return not command.endswith("\\")


def run(command: str, url: str) -> str:
    """Do what a curl command says, with -s, -i, -X, -H and -d; -> what curl would print."""
    arguments = iter(shlex.split(command)[1:])
    method, headers, data, target, show_headers = None, {}, None, None, False
    for argument in arguments:
        if argument == "-X":
            method = next(arguments)
        elif argument == "-H":
            name, _, value = next(arguments).partition(":")
            headers[name] = value.strip()
        elif argument == "-d":
            data = next(arguments)
        elif argument == "-i":
            show_headers = True
        elif argument.startswith("http"):
            target = argument.replace(ADDRESS, url)
        elif argument != "-s":
            raise ValueError(f"an option of curl that the tests don't know: {argument}")
    if data is not None:
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
    answer = requests.request(
        method or ("POST" if data is not None else "GET"),
        target,
        headers=headers,
        data=None if data is None else data.encode(),
        timeout=30,
    )
    if not show_headers:
        return answer.text.strip()
    lines = [f"HTTP/1.1 {answer.status_code} {answer.reason}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    return "\n".join(lines) + "\n\n" + answer.text.strip()


def check(example: Example, url: str) -> None:
    """Run one example and compare."""
    printed = run(example.command, url)
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
