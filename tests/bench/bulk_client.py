"""A client in a process of its own, which sends a file or reads an answer, and prints what it took as JSON.

python -m tests.bench.bulk_client URL MEDIA_TYPE [FILE]
"""

import http.client
import json
import sys
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

BLOCK = 1 << 18


def send(url: str, media_type: str, path: str) -> dict:
    """POST a file; -> the status, and the seconds from the first byte to the answer."""
    headers = {"Content-Type": media_type, "Prefer": "return=minimal", "Content-Length": str(Path(path).stat().st_size)}
    with closing(_connection(url)) as connection, open(path, "rb") as file:
        began = time.perf_counter()
        connection.request("POST", _target(url), body=file, headers=headers)
        answer = connection.getresponse()
        detail = answer.read()
        return _told(began, answer.status, detail)


def receive(url: str, media_type: str) -> dict:
    """GET all rows; -> the status, the seconds until the last byte, and how many bytes came."""
    with closing(_connection(url)) as connection:
        began = time.perf_counter()
        connection.request("GET", _target(url), headers={"Accept": media_type})
        answer = connection.getresponse()
        head = answer.read(500)
        size = len(head)
        while block := answer.read(BLOCK):
            size += len(block)
        return {**_told(began, answer.status, head), "bytes": size}


def _told(began: float, status: int, detail: bytes) -> dict:
    seconds = time.perf_counter() - began
    return {"status": status, "seconds": seconds, "detail": detail[:500].decode(errors="replace") * (status >= 400)}


def _connection(url: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    return http.client.HTTPConnection(parts.hostname, parts.port, timeout=3600, blocksize=BLOCK)


def _target(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


if __name__ == "__main__":
    print(json.dumps((send if len(sys.argv) > 3 else receive)(*sys.argv[1:])))
