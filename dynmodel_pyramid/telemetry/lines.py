"""Lines of the log: one for each request, in text or JSON, which no client can break or forge.

:class:`JsonFormatter` makes all lines of a log JSON, those of other loggers as well; an INI file may name it.
"""

import json
import logging
import re
import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from typing import Any, NamedTuple

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
#: The attribute of a record of the log with the fields of a request.
FIELDS = "fields"
#: Characters of a statement's shape, and of a field.
_LONGEST_SHAPE, _LONGEST = 1000, 300
#: Texts and numbers in a statement, which may be values; names in quotes stay.
_LITERALS = re.compile(
    r"""('(?:[^']|'')*(?:'|\Z)|\$(\w*)\$.*?(?:\$\2\$|\Z))|("(?:[^"]|"")*")|(?<![\w$%:.])\d+(?:\.\d+)?""", re.DOTALL
)


def request_id_of(sent: str) -> str:
    """The id of a request: the one that its client sent, if it is one, else a new one."""
    return sent if _REQUEST_ID.fullmatch(sent) else secrets.token_hex(8)


def plain(text: str, longest: int = _LONGEST) -> str:
    """A text of one line, without characters that control a terminal or a reader of the log."""
    if len(text) > longest:
        text = text[:longest] + "..."
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def word(text: str) -> str:
    """The value of a field in a line of text: in quotes if it is not one word."""
    text = plain(text, _LONGEST_SHAPE)
    return json.dumps(text, ensure_ascii=False) if re.search(r'[\s"=]', text) or not text else text


def shape(statement: str) -> str:
    """A statement without values, in one line."""
    text = _LITERALS.sub(lambda found: found[3] or "?", statement[: 4 * _LONGEST_SHAPE])
    return plain(" ".join(text.split()), _LONGEST_SHAPE)


def fields_text(fields: dict[str, Any]) -> str:
    return " ".join(f"{name}={word(str(value))}" for name, value in fields.items() if value is not None)


#: Fields that stand in the beginning of a line of text, or only in JSON.
_IN_THE_BEGINNING = frozenset({"request", "method", "status", "ended"})
#: Fields whose texts come from outside.
_FROM_OUTSIDE = frozenset({"identity", "statement"})
_MARK = "\0lines\0"


class Line(NamedTuple):
    """The line of a request: how its text begins, and its fields."""

    beginning: str
    fields: dict[str, Any]

    @property
    def text(self) -> str:
        parts = [
            f"{name}={word(value) if name in _FROM_OUTSIDE else value}"
            for name, value in self.fields.items()
            if name not in _IN_THE_BEGINNING
        ]
        return self.beginning + " ".join(parts)


def write_lines(logger: logging.Logger, lines: Sequence[Line]) -> None:
    """Write many lines at once, at the level INFO.

    A record of the log costs 30 us, most of it for what is the same for all. So handlers of files and streams format
    one, and write all with it; others get a record for each line.
    """
    if not logger.isEnabledFor(logging.INFO):
        return
    record = logger.makeRecord(logger.name, logging.INFO, __file__, 0, "%s", (_MARK,), None)
    for handler in _handlers(logger):
        if handler.level > logging.INFO or not handler.filter(record):
            continue
        if type(handler) not in (logging.StreamHandler, logging.FileHandler, WatchedFileHandler):
            for line in lines:
                extra = {FIELDS: line.fields}
                handler.handle(
                    logger.makeRecord(logger.name, logging.INFO, __file__, 0, line.text, (), None, extra=extra)
                )
            continue
        if isinstance(handler.formatter, JsonFormatter):
            before, after = handler.formatter.around(record)
            texts = [f"{before}{json.dumps(line.text)}, {json.dumps(line.fields)[1:-1]}{after}" for line in lines]
        else:
            frame = handler.format(record)
            texts = [frame.replace(_MARK, line.text) for line in lines]
        whole = logger.makeRecord(logger.name, logging.INFO, __file__, 0, "\n".join(texts), (), None)
        _write(handler, whole)


def _write(handler: logging.Handler, record: logging.LogRecord) -> None:
    """Let a handler write a text as it is."""
    with handler.lock or nullcontext():
        formatter, handler.formatter = handler.formatter, _AS_IT_IS
        try:
            handler.emit(record)
        finally:
            handler.formatter = formatter


def _handlers(logger: logging.Logger) -> Iterator[logging.Handler]:
    current: logging.Logger | None = logger
    while current is not None:
        yield from current.handlers
        current = current.parent if current.propagate else None


class JsonFormatter(logging.Formatter):
    """A line of JSON for each record, with the fields of requests."""

    def format(self, record: logging.LogRecord) -> str:
        document: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
            **getattr(record, FIELDS, {}),
        }
        if record.exc_info:
            document["traceback"] = self.formatException(record.exc_info)
        return json.dumps(document, default=str)

    def around(self, record: logging.LogRecord) -> tuple[str, str]:
        """What stands before the message and the fields in the line of a record, and after them."""
        before, after = self.format(record).split(json.dumps(_MARK))
        return before, after


_AS_IT_IS = logging.Formatter("%(message)s")


def write_json() -> None:
    """Let all handlers of the root logger write JSON."""
    for handler in logging.getLogger().handlers:
        handler.setFormatter(JsonFormatter())


class BoundedLog:
    """At most ``burst`` lines of a kind in ``SECONDS``; the next one says how many were left out.

    :param burst: how many
    """

    SECONDS = 10.0
    #: Kinds that are known at a time; they are few, unless a fault makes them.
    MOST = 1000

    def __init__(self, logger: logging.Logger, burst: int = 1) -> None:
        self._logger, self._burst = logger, burst
        self._lock = threading.Lock()
        #: Of each kind the end of its present time, and the lines in it.
        self._counts: dict[str, tuple[float, int]] = {}

    def admits(self, kind: str) -> int | None:
        """How many lines were left out before this one; None if it is to be left out, too."""
        now = time.monotonic()
        with self._lock:
            end, count = self._counts.get(kind, (0.0, 0))
            if now >= end:
                if len(self._counts) > self.MOST:
                    self._counts.clear()
                self._counts[kind] = now + self.SECONDS, 1
                return max(0, count - self._burst)
            self._counts[kind] = end, count + 1
            return 0 if count < self._burst else None

    def warning(self, kind: str, message: str, *arguments: object, **options: Any) -> None:
        """
        :param kind: one of few
        """
        self.log(logging.WARNING, kind, message, *arguments, **options)

    def log(self, level: int, kind: str, message: str, *arguments: object, **options: Any) -> None:
        left_out = self.admits(kind)
        if left_out is None:
            return
        if left_out:
            message += f" ({left_out} more of the kind since the line before)"
        self._logger.log(level, message, *arguments, **options)
