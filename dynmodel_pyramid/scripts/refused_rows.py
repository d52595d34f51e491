"""The rows that an import leaves out, as NDJSON in a file."""

import json
import os
from array import array
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, cast

from dynmodel_pyramid.rows.refused import Refused, Sink

#: Refused rows that get hints, and that are printed where there is no file.
MOST_HINTS, PRINTED = 1000, 20


class RefusedRows:
    """Takes refused rows in any order, and writes them in that of the imported file."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._file = cast(BinaryIO, TemporaryFile())
        self._numbers, self._ends = array("Q"), array("Q", [0])

    def sink(self) -> Sink:
        """What takes the rows of an attempt; those of earlier attempts are forgotten."""
        self.close()
        self._begin()
        return self._take

    def _take(self, refused: Refused) -> None:
        document = refused.document(hints=len(self._numbers) < MOST_HINTS)
        text = json.dumps(document, ensure_ascii=False).encode(errors="backslashreplace") + b"\n"
        self._file.write(text)
        self._numbers.append(refused.number)
        self._ends.append(self._ends[-1] + len(text))

    def write(self, path: str) -> None:
        unfinished = Path(f"{path}.{os.getpid()}.unfinished")
        with unfinished.open("xb") as file:
            for text in self.lines(len(self._numbers)):
                file.write(text)
        unfinished.replace(path)

    def lines(self, most: int) -> list[bytes]:
        """The first refused rows."""
        return [self._line(place) for place in sorted(range(len(self._numbers)), key=self._numbers.__getitem__)[:most]]

    def _line(self, place: int) -> bytes:
        self._file.seek(self._ends[place])
        return self._file.read(self._ends[place + 1] - self._ends[place])

    def close(self) -> None:
        self._file.close()
