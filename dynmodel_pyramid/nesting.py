"""How deeply a text of somebody else is nested: known before a parser reads it.

Python's parsers of JSON and of regular expressions call themselves once or twice for each level. Near the interpreter's
limit of recursion (1,000) a garbage collection may run, and then whatever it calls fails: finalizers, and callbacks of
weak references, one of which gives connections back to their pool. Nobody learns of it. So no parser may come near.
"""

import json
import re
from collections.abc import Callable
from itertools import accumulate
from typing import Any

#: The most arrays and objects in one another. Values of fields may have 100 (``fields.schema.MAX_DEPTH``), and stand in
#: documents that add a few. A parser and everything that walks through a document take at most three calls a level,
#: from about 150 calls on. orjson writes 254 levels.
MAX_LEVELS = 200

_OTHERS = bytes(set(range(256)).difference(b'"[]{}'))
#: How far the depth changes at each mark, as signed bytes.
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_STRING = re.compile(rb'"[^"]*"?')


def is_deep(text: str, start: int = 0) -> bool:
    """Whether a JSON text is nested in more than :data:`MAX_LEVELS` levels, from this place on.

    The text may be cut off, or no JSON: a parser that begins here, and ends at the first fault, comes no deeper than
    this function says. It takes 2 ns for each character, 60 at the worst; the parser takes 8.
    """
    if len(text) - start <= MAX_LEVELS:
        return False
    data = text[start:].encode("utf-8", "surrogatepass")
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    # A string without brackets leaves "" and nothing else. Between others, "" is the end of one and the begin of the
    # next: without it they are one string, with the same brackets.
    marks = data.translate(_STEPS, _OTHERS).replace(b'""', b"")
    if b'"' in marks:
        marks = _STRING.sub(b"", marks)
    return len(marks) > MAX_LEVELS and max(accumulate(memoryview(marks).cast("b"))) > MAX_LEVELS


def loads(text: str | bytes, **options: Callable[[str], Any]) -> Any:
    """What ``json.loads`` makes of a text; bytes are UTF-8 (RFC 8259, section 8.1).

    :raises ValueError: it is no JSON, or nested too deeply
    """
    text = text.decode("utf-8-sig") if isinstance(text, bytes) else text
    if is_deep(text):
        raise ValueError(f"nested deeper than {MAX_LEVELS} levels")
    return json.loads(text, **options)  # type: ignore[arg-type] # those that take a text
