"""The dialect of a CSV file: its charset, delimiter, quote and way to write numbers, as a client names or a file shows
them.
"""

import codecs
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from dynmodel_pyramid.errors import UnsupportedParameter
from dynmodel_pyramid.exchange.contents import Parameters

#: The parameters of ``text/csv`` beyond ``charset`` and ``header`` (RFC 7111, RFC 4180).
PARAMETERS = ("charset", "header", "delimiter", "quote", "decimal", "thousands", "null", "dialect")
UTF_8 = ("utf-8", "utf8", "us-ascii")
#: Charsets by their names in Python; the names of the Encoding Standard are those that clients get to read.
_CHARSETS = {
    "utf-8": "utf-8",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16le",
    "utf-16-be": "utf-16be",
    "utf-32": "utf-32",
    "cp437": "ibm437",
    "cp850": "ibm850",
    "cp852": "ibm852",
    "cp866": "ibm866",
    **{f"cp{number}": f"windows-{number}" for number in range(1250, 1259)},
    **{f"iso8859-{number}": f"iso-8859-{number}" for number in (*range(1, 12), 13, 14, 15, 16)},
    "koi8-r": "koi8-r",
    "koi8-u": "koi8-u",
    "mac-roman": "macintosh",
    "cp932": "shift_jis",
    "shift_jis": "shift_jis",
    "euc_jp": "euc-jp",
    "gb18030": "gb18030",
    "gbk": "gbk",
    "big5": "big5",
    "euc_kr": "euc-kr",
}
_WORDS = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|", "space": " "}
_NO_DELIMITER = re.compile(r'[\w\r\n"\0\ufeff]')
_BLANKS = "[ \u00a0\u2009\u202f]"


@dataclass(frozen=True, slots=True)
class Dialect:
    """
    :param charset: in Python's words
    :param quote: None: no value stands in quotes
    :param has_header: whether the first record has the names
    :param decimal: of numbers, ``.`` or ``,``; ``thousands``: the mark between their groups of three digits, if any
    :param nulls: texts that stand for null, as empty values do
    :param detects: what is not told by ``given`` is guessed
    :param given: what the client has said
    """

    charset: str = "utf-8"
    delimiter: str = ","
    quote: str | None = '"'
    has_header: bool = True
    decimal: str = "."
    thousands: str = ""
    nulls: frozenset[str] = frozenset()
    detects: bool = False
    given: frozenset[str] = frozenset()

    def of(self, guesses: Mapping[str, str]) -> "Dialect":
        """The same with these members."""
        return replace(self, **guesses)  # type: ignore[arg-type] # they have the names of members that are texts


def told(guesses: Mapping[str, str]) -> dict[str, str]:
    """Guesses in the words of the parameters."""
    words = {"\t": "tab", " ": "space"}
    return {
        name: public_charset(value) if name == "charset" else words.get(value, value) for name, value in guesses.items()
    }


def public_charset(name: str) -> str:
    return _CHARSETS.get(codecs.lookup(name).name, name)


def dialect_of(parameters: Parameters) -> Dialect:
    """
    :raises UnsupportedParameter: a value means nothing
    """
    members: dict[str, object] = {}
    for name, value in parameters.items():
        if name == "charset":
            members[name] = _charset(value)
        elif name == "header":
            members["has_header"] = _one_of(name, value, {"present": True, "absent": False})
        elif name == "null":
            members["nulls"] = words_of(value)
        elif name == "dialect":
            members["detects"] = _one_of(name, value, {"detect": True})
        elif name == "delimiter":
            members[name] = _character(name, _WORDS.get(value.lower(), value))
        elif name == "quote":
            members[name] = None if value.lower() == "none" else _quote(value)
        elif name == "decimal":
            members[name] = _one_of(name, value, {".": ".", ",": ",", "point": ".", "comma": ","})
        elif name == "thousands":
            marks = {".": ".", ",": ",", "'": "'", " ": " ", "space": " ", "point": ".", "comma": ",", "none": ""}
            members[name] = _one_of(name, value, marks)
    dialect = Dialect(**members, given=frozenset(parameters))  # type: ignore[arg-type] # each has its type
    if dialect.thousands == dialect.decimal:
        if "decimal" in parameters or dialect.thousands != ".":
            raise _refused("thousands", dialect.thousands, "another mark than decimal")
        dialect = replace(dialect, decimal=",")
    if dialect.delimiter == dialect.quote:
        raise _refused("quote", dialect.delimiter, "another character than delimiter")
    return dialect


def words_of(text: str) -> frozenset[str]:
    """The words of a text with commas between them."""
    return frozenset(word for word in text.split(",") if word)


def _charset(value: str) -> str:
    if value.lower() in UTF_8:
        return "utf-8"
    try:
        name = codecs.lookup(value).name
    except (LookupError, ValueError):
        name = ""
    if name not in _CHARSETS:
        raise _refused("charset", value, "utf-8, utf-16, windows-1252, iso-8859-15 and such")
    # What Windows and the web call Latin-1 is Windows-1252 (Encoding Standard, "Names and labels").
    return {"iso8859-1": "cp1252", "iso8859-9": "cp1254", "shift_jis": "cp932", "gbk": "gb18030"}.get(name, name)


def _one_of(name: str, value: str, known: Mapping[str, Any]) -> Any:
    try:
        return known[value.lower()]
    except KeyError:
        raise _refused(name, value, " or ".join(known)) from None


def _character(name: str, value: str) -> str:
    if len(value) != 1 or _NO_DELIMITER.match(value):
        raise _refused(name, value, "one character, no letter or digit, or one of " + ", ".join(_WORDS))
    return value


def _quote(value: str) -> str:
    return value if value == '"' else _character("quote", value)


def _refused(name: str, value: str, wanted: str) -> UnsupportedParameter:
    return UnsupportedParameter(f"{name}={value[:50]} is not supported", hint=f"want {name}= {wanted}")


def marked(head: bytes) -> str | None:
    """The charset that a byte order mark at the beginning of a file tells."""
    if head.startswith(BOM_UTF8):
        return "utf-8"
    if head.startswith((BOM_UTF32_LE, BOM_UTF32_BE)):
        return "utf-32"
    return "utf-16" if head.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else None


@lru_cache(16)
def number_reader(decimal: str, thousands: str) -> Callable[[str], str]:
    """A function: a number in this way of writing -> the same with a decimal point; other texts stay as they are.

    It raises ``ValueError`` for a number that is written in another way.
    """
    group = _BLANKS if thousands == " " else re.escape(thousands)
    whole = rf"\d{{1,3}}(?:{group}\d{{3}})+|\d+" if thousands else r"\d+"
    number = re.compile(rf"\s*+([+-]?)({whole})?(?:{re.escape(decimal)}(\d*))?((?:[eE][+-]?\d+)?[^\d.,]*)", re.ASCII)
    not_digits = re.compile(rf"{group}") if thousands else None
    example = f"1{thousands}234{decimal}5"

    def read(text: str) -> str:
        match = number.fullmatch(text)
        if match is None:
            if any(map(str.isdigit, text)):
                raise ValueError(f"want a number such as {example}, not {text[:50]!r}")
            return text
        sign, digits, fraction, rest = match.groups()
        if digits is None and not fraction:
            return text
        if digits is not None and not_digits is not None:
            digits = not_digits.sub("", digits)
        return f"{sign}{digits or '0'}{'.' if fraction else ''}{fraction or ''}{rest}"

    return read
