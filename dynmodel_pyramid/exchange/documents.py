"""JSON texts (RFC 8259) -> documents: whole ones, and the elements of an array one by one.

This uses the standard parser and not orjson. It is slower, but numbers keep all their digits, and its hook sees
duplicate keys, which orjson drops silently.
"""

import json
import re
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any, BinaryIO

from dynmodel_pyramid.errors import Malformed, TooLarge
from dynmodel_pyramid.exchange.plain_json import PlainObjects, flat_objects
from dynmodel_pyramid.exchange.text import CHUNK, Reader, text_reader
from dynmodel_pyramid.fields.numerals import parse_float
from dynmodel_pyramid.fields.sql.json_text import MAX_KEYS
from dynmodel_pyramid.nesting import MAX_LEVELS, is_deep

#: The most values in one document: each takes about 100 bytes in memory, however short it is in the body.
MAX_VALUES = 1_000_000
_BLANK = re.compile(r"[ \t\n\r]*")
#: The comma between two elements.
_BEHIND = re.compile(r"[ \t\n\r]*,[ \t\n\r]*(?=[^\] \t\n\r])")
#: A string, also one that is cut off at the end of the text.
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
#: A parser's error this near to the end of a part may come from that end: no literal is longer.
_NEAR = 16

_Decode = Callable[[str, int], tuple[Any, int]]


def refuse_too_many_keys(pairs: list[tuple[str, Any]]) -> None:
    """:raises TooLarge: one object has more than :data:`MAX_KEYS`"""
    if len(pairs) > MAX_KEYS:
        raise TooLarge(
            f"an object has more than {MAX_KEYS} keys",
            hint="no table has as many fields; a list takes any number of values",
        )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    refuse_too_many_keys(pairs)
    document = dict(pairs)
    if len(document) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise Malformed(f"the key {name!r} stands twice in one object", code="duplicate_key")
            seen.add(name)
    return document


def _constant(name: str) -> Any:
    raise Malformed(f"{name} is not JSON", code="malformed_json")


#: Refuses duplicate keys and text that is not JSON.
STRICT = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_float=parse_float)
#: Reads what it would read, where that is certain.
PLAIN = PlainObjects(parse_float, _constant, unique=True)


def parse_json(text: bytes, decoder: json.JSONDecoder = STRICT) -> Any:
    """A JSON text -> document; a byte order mark is skipped (RFC 8259, section 8.1).

    :raises Malformed: saying where it breaks
    :raises TooLarge: it has more than :data:`MAX_VALUES` values
    """
    try:
        decoded = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise not_utf_8(error.start) from None
    refuse_too_many_values(decoded, 0, len(decoded))
    if is_deep(decoded):
        raise _too_deep()
    try:
        return decoder.decode(decoded)
    except json.JSONDecodeError as error:
        raise _broken(error.msg, error.lineno, error.colno) from None
    except ValueError:
        raise _too_many_digits() from None


def not_utf_8(place: int) -> Malformed:
    return Malformed(f"the body is not UTF-8 (byte {place})", code="malformed_json")


def too_long(longest: int) -> TooLarge:
    hint = "rows may come in any number, but each row, and each other document, is read whole"
    return TooLarge(f"one document has more than {longest} bytes", hint=hint)


def _broken(message: str, line: int, column: int) -> Malformed:
    return Malformed(f"the body is not JSON: {message} at line {line}, column {column}", code="malformed_json")


def _too_deep() -> Malformed:
    hint = f"send at most {MAX_LEVELS} arrays and objects in one another"
    return Malformed("the body is nested too deeply", code="malformed_json", hint=hint)


def _too_many_digits() -> Malformed:
    """CPython has a limit of digits in an integer."""
    return Malformed("the body holds a number with too many digits", code="malformed_json")


def refuse_too_many_values(text: str, start: int, end: int) -> None:
    """:raises TooLarge: the part of the text has more than :data:`MAX_VALUES` values"""
    if end - start <= MAX_VALUES or _marks(text, start, end) <= MAX_VALUES:
        return
    bare = _STRING.sub("", text[start:end])
    if _marks(bare, 0, len(bare)) > MAX_VALUES:
        raise TooLarge(f"one document has more than {MAX_VALUES} values", hint="send several documents")


def _marks(text: str, start: int, end: int) -> int:
    return sum(text.count(mark, start, end) for mark in ",[{")


class Documents:
    """The documents of a JSON text: the elements of an array, or a single document.

    Elements are read one by one, so that memory is bounded by the longest one. Errors name places in the whole text.

    :param longest: the most characters that one document may have
    :param note: see :class:`~.contents.Reading`
    :param plain: reads as the decoder does
    """

    def __init__(
        self,
        file: BinaryIO,
        longest: int,
        decoder: json.JSONDecoder = STRICT,
        note: Callable[[int | None, str], None] | None = None,
        plain: PlainObjects = PLAIN,
    ) -> None:
        self._note = note
        self._plain = plain
        #: Whether the present part of the text may have objects that are read so.
        self._tries_plain = note is None
        self._read: Reader = text_reader(file, not_utf_8)
        self._decoder = decoder
        self._longest = longest
        self._text, self._position, self._ended = "", 0, False
        #: Whether the present part of the text is known not to be nested too deeply.
        self._is_shallow = False
        #: The line of the character at ``_text[0]``, and the number of characters before it in that line.
        self._line, self._column = 1, 0
        self.is_array = self._mark() == "["

    def __iter__(self) -> Iterator[Any]:
        """:raises Malformed: saying where the text breaks"""
        return chain.from_iterable(self.runs())

    def runs(self) -> Iterator[list[Any]]:
        """The documents, as many at a time as are read so.

        :raises Malformed: saying where the text breaks
        """
        if not self.is_array:
            yield [self._document()]
        else:
            self._position += 1
            yield from self._elements()
        if self._mark():
            raise self._fault("Extra data")

    def _elements(self) -> Iterator[list[Any]]:
        mark = self._mark()
        while mark != "]":
            yield from self._objects()
            yield [self._document()]
            mark = self._mark()
            if mark == ",":
                comma = self._position
                self._position += 1
                if self._mark() == "]":
                    raise self._after_comma(comma)
            elif mark != "]":
                raise self._fault("Expecting ',' delimiter")
        self._position += 1

    def _objects(self) -> Iterator[list[Any]]:
        """The next objects, as long as each is whole in this part of the text and another value follows it. This is the
        fast path for nearly all elements; the caller handles the rest.
        """
        while self._tries_plain and self._plain.is_strict:
            documents, end = flat_objects(self._text, self._position, self._longest)
            after = _BEHIND.match(self._text, end) if documents else None
            if after is None:
                break
            self._position = after.end()
            yield documents
            if not self._goes_on():
                break
        self._refuse_deep()
        while self._tries_plain:
            documents, self._position = self._plain.read(self._text, self._position, _BEHIND, self._longest)
            # Which one is not plain, is not known: the rest of the part is read one by one.
            self._tries_plain = bool(documents)
            if documents:
                yield documents
        scan = self._decoder.scan_once  # type: ignore[attr-defined] # which typeshed does not know
        text, position, behind, note = self._text, self._position, _BEHIND.match, self._note
        while text.startswith("{", position):
            try:
                document, end = scan(text, position)
            except (ValueError, StopIteration):
                return
            if (comma := behind(text, end)) is None or end - position > self._longest:
                return
            if note is not None:
                note(None, text[position:end])
            self._position = position = comma.end()
            yield [document]

    def _goes_on(self) -> bool:
        """Read another part behind objects, which is as good as certain to begin in the middle of one. So each part is
        read by the fast path, its first object included.
        """
        left = len(self._text) - self._position
        return left <= min(self._longest, CHUNK) and self._more()

    def _after_comma(self, comma: int) -> Malformed:
        """The parser's own message. Its words, and the place that it names, differ between versions of Python."""
        try:
            self._decoder.decode("[0,]")
        except json.JSONDecodeError as error:
            if error.pos == 2 and self._text[comma : comma + 1] == ",":
                self._position = comma
            return self._fault(error.msg)
        return self._fault("Expecting value")

    def _mark(self) -> str:
        """The next character that is not blank; nothing at the end."""
        while True:
            blanks = _BLANK.match(self._text, self._position)
            self._position = blanks.end() if blanks is not None else self._position
            if self._position < len(self._text):
                return self._text[self._position]
            if not self._more():
                return ""

    def _more(self) -> bool:
        """Read another part, as long as the rest of the text, so that a long document is parsed only a few times."""
        if self._ended:
            return False
        passed, left = self._position, len(self._text) - self._position
        self._refuse_longer(left)
        refuse_too_many_values(self._text, passed, passed + left)
        # Many texts are one line. To look for its end takes a hundredth of counting.
        lines = 0 if self._text.find("\n", 0, passed) < 0 else self._text.count("\n", 0, passed)
        self._line += lines
        self._column = passed - self._text.rfind("\n", 0, passed) - 1 if lines else self._column + passed
        part = self._read(max(CHUNK, min(left, self._longest + 1 - left)))
        self._ended = not part
        self._text, self._position = self._text[passed:] + part, 0
        self._tries_plain, self._is_shallow = self._note is None, False
        return True

    def _refuse_deep(self) -> None:
        """Look at the present part, which begins outside of any string, before the decoder does.

        :raises Malformed: a document in it is nested too deeply
        """
        if not self._is_shallow and is_deep(self._text, self._position):
            raise _too_deep()
        self._is_shallow = True

    def _refuse_longer(self, length: int) -> None:
        if length > self._longest:
            raise too_long(self._longest)

    def _document(self) -> Any:
        self._mark()
        while True:
            self._refuse_deep()
            try:
                document, end = self._decoder.raw_decode(self._text, self._position)
            except json.JSONDecodeError as error:
                cut = error.msg.startswith("Unterminated string") or error.pos >= len(self._text) - _NEAR
                if not (cut and self._more()):
                    raise self._fault(error.msg, error.pos) from None
            except ValueError:
                raise _too_many_digits() from None
            else:
                # A number at the end of the part may go on in the next one.
                left = len(self._text) - end
                cut = not left or (left < _NEAR and self._text[end] in ".eE")
                if not (cut and self._more()):
                    self._refuse_longer(end - self._position)
                    if self._note is not None:
                        self._note(None, self._text[self._position : end])
                    self._position = end
                    return document

    def _fault(self, message: str, place: int | None = None) -> Malformed:
        place = self._position if place is None else place
        lines = self._text.count("\n", 0, place)
        column = place - self._text.rfind("\n", 0, place) if lines else self._column + place + 1
        return _broken(message, self._line + lines, column)
