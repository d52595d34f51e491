"""Addresses of the internet: e-mail, URLs, IP."""

import dataclasses
import ipaddress
import re
import struct
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import colander
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import INET

from dynmodel_pyramid.database.expressions import OfDialect, expressions_of
from dynmodel_pyramid.fields import columns, operators, schema
from dynmodel_pyramid.fields.contract import Checks, Context, Options, TextForm
from dynmodel_pyramid.fields.extras import require
from dynmodel_pyramid.fields.sql import checks
from dynmodel_pyramid.fields.sql import formats as sql_formats
from dynmodel_pyramid.fields.types.formats import Formatted, max_length_option
from dynmodel_pyramid.fields.types.text import byte_order

# E-mail


#: Addresses that the library leaves as they are but for the domain's case. It makes lower case of some words of letters
#: before the @, too (RFC 2142).
_USUAL_EMAILS = columns.Lines(
    r"(?=[a-z]*+@|[A-Za-z]*+[0-9._+-])(?=.{1,64}@)[A-Za-z0-9_+-]++(?>(?:\.[A-Za-z0-9_+-]++)*)@[A-Za-z0-9.-]++", re.ASCII
)
#: RFC 5321: a path of 256 octets, with its angle brackets.
_LONGEST_USUAL = 254


class Email(Formatted):
    """An e-mail address such as ``ada@example.org``, in the normal form of email-validator (extra ``email``)."""

    icon = "email"
    help = "An e-mail address"
    other_names: tuple[str, ...] = ("mail", "e-mail")

    wanted = "an e-mail address in a string"
    #: RFC 5321, section 4.5.3.1: 64 octets, @, 255 octets.
    longest = 320

    def options_schema(self) -> colander.SchemaNode:
        return colander.SchemaNode(
            colander.Mapping(unknown="raise"),
            schema.option(
                schema.Boolean(),
                "lowercase",
                default=False,
                description="whether the part before the @ becomes lower case, too",
            ),
        )

    def checks(self, column: sa.ColumnElement[Any], options: Options, context: Context) -> Checks:
        # lower() changes only ASCII letters on both databases.
        return {"lowercase": sa.func.lower(column, type_=sa.Text()) == column} if options["lowercase"] else {}

    def parser(self, options: Options) -> Callable[[str], Any]:
        library = require("email_validator", "email")
        lowercase = options["lowercase"]

        def read(text: str) -> str:
            # Every rule is set here: the library's defaults are variables that others may change.
            return library.validate_email(
                text.lower() if lowercase else text,
                allow_smtputf8=True,
                allow_empty_local=False,
                allow_quoted_local=False,
                allow_domain_literal=False,
                allow_display_name=False,
                strict=True,  # lengths of RFC 5321, too
                check_deliverability=False,
                test_environment=False,
                globally_deliverable=True,
            ).normalized

        def read_many(texts: list[str]) -> list[str] | None:
            # The library takes 30 us for an address. For plain ones only the domain matters, and few of them differ.
            if max(map(len, texts)) > _LONGEST_USUAL or not _USUAL_EMAILS.match(texts):
                return None
            parts = [text.split("@") for text in (map(str.lower, texts) if lowercase else texts)]
            normal = {}
            for domain in {domain for _, domain in parts}:
                try:
                    normal[domain] = read(f"a@{domain}").removeprefix("a@")
                    if normal[domain] != domain.lower():  # not plain: xn--
                        return None
                except ValueError:
                    return None
            return [f"{local}@{normal[domain]}" for local, domain in parts]

        return columns.Reader(read, read_many)

    def json_schema(self, options: Options) -> dict[str, Any]:
        # "email" would promise ASCII (JSON Schema Validation 2020-12, 7.3.2).
        return {"type": "string", "format": "idn-email"}

    def text_form(self, options: Options) -> TextForm:
        def from_text(text: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
            # Read at each use, as the library does, because others may add names.
            special = require("email_validator", "email").SPECIAL_USE_DOMAIN_NAMES
            return sql_formats.email(text, special, dialect)

        return dataclasses.replace(super().text_form(options), sql_from_text=from_text)


# URLs

_SCHEME = re.compile("[a-z][a-z0-9+.-]*")
#: Schemes whose URLs must have a host (for http: RFC 9110, section 4.2.1).
_WITH_HOST = {"http", "https", "ws", "wss", "ftp", "ftps", "sftp"}
_VISIBLE = re.compile("[!-~]+")


class _Schemes(schema.List):
    """The option ``schemes``."""

    def check(self, node: colander.SchemaNode, value: Any) -> Any:
        schemes = super().check(node, value)
        if not schemes or len(set(schemes)) != len(schemes) or not all(map(_SCHEME.fullmatch, schemes)):
            raise schema.invalid(node, "want at least one scheme in lower case, each once", "invalid_option")
        return schemes


class Url(Formatted):
    """A URL such as ``https://example.org/a?b=c`` (RFC 3986), kept as it is given; needs the extra ``url``."""

    icon = "url"
    help = "The address of a web page"
    other_names: tuple[str, ...] = ("uri", "link_address", "website")

    wanted = "a URL in a string"

    def options_schema(self) -> colander.SchemaNode:
        return colander.SchemaNode(
            colander.Mapping(unknown="raise"),
            schema.option(
                _Schemes(schema.Text()), "schemes", default=["http", "https"], description="the schemes that are taken"
            ),
            # RFC 9110, section 4.1, wants 8000 octets to work.
            max_length_option(2048, 8000),
        )

    def checks(self, column: sa.ColumnElement[Any], options: Options, context: Context) -> Checks:
        scheme = expressions_of(context.dialect).text_before(":", column)
        choices = checks.choices(sa.func.lower(scheme, type_=sa.Text()), options["schemes"])
        return {**checks.lengths(column, options), **({"schemes": choices["choices"]} if choices else {})}

    def parser(self, options: Options) -> Callable[[str], Any]:
        library = require("rfc3986_validator", "url")
        schemes = frozenset(options["schemes"])
        begins = ", ".join(f"{name}:" for name in options["schemes"])

        def read(text: str) -> str:
            if not _VISIBLE.fullmatch(text):
                raise ValueError("want ASCII without spaces: other characters are percent-encoded in a URL")
            scheme, colon, _ = text.partition(":")
            if not colon or scheme.lower() not in schemes:
                raise ValueError(f"want a URL that begins with {begins}")
            if not library.validate_rfc3986(text):
                raise ValueError("is not a URL of RFC 3986")
            parts = urlsplit(text)  # lenient, but only unambiguous texts reach it
            if not parts.hostname and scheme.lower() in _WITH_HOST:
                raise ValueError(f"want a host: {scheme}://...")
            _ = parts.port  # raises ValueError for a number of more than 16 bits
            return text

        return read

    def json_schema(self, options: Options) -> dict[str, Any]:
        return {"type": "string", "format": "uri", "maxLength": options["max_length"]}

    def text_form(self, options: Options) -> TextForm:
        def from_text(text: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
            return sql_formats.url(text, options["schemes"], options["max_length"], dialect)

        return dataclasses.replace(super().text_form(options), sql_from_text=from_text)


# IP


def parse_ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """An address without zone or prefix length.

    :raises ValueError: saying what is wanted
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        address = None
    if address is None or "%" in text:
        raise ValueError("want an IP address such as 192.0.2.1 or 2001:db8::1, without zone or prefix")
    return address


def write_ip(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """The canonical form: for IPv6 that of RFC 5952."""
    mapped = address.ipv4_mapped if address.version == 6 else None
    # Section 5; Python writes this form only from 3.13 on.
    return str(address) if mapped is None else f"::ffff:{mapped}"


def _are_native(dialect: str) -> bool:
    return expressions_of(dialect).has_addresses


class IpText(sa.TypeDecorator[Any]):
    """Canonical texts of addresses: ``inet`` where the database has it, else a text that sorts as ``inet`` does.

    IPv4 comes before IPv6, and each is sorted by its number. The text has all digits first, then the canonical text:
    ``192.000.002.001 192.0.2.1``, ``[2001:0db8:0000:0000:0000:0000:0000:0001] 2001:db8::1``.
    """

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        return dialect.type_descriptor(INET() if _are_native(dialect.name) else byte_order())

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        if value is None or _are_native(dialect.name):
            return value
        address = ipaddress.ip_address(value)
        if address.version == 4:
            digits = ".".join(f"{byte:03}" for byte in address.packed)
        else:
            digits = f"[{':'.join(f'{number:04x}' for number in struct.unpack('!8H', address.packed))}]"
        return f"{digits} {write_ip(address)}"

    def literal_processor(self, dialect: sa.Dialect) -> Callable[[Any], str]:
        # SQLAlchemy's INET has no literal processor. An address has no characters to escape.
        return lambda value: f"'{self.process_bind_param(value, dialect)}'"

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        if value is None:
            return None
        # psycopg returns address objects.
        return value.partition(" ")[2] if type(value) is str else write_ip(value)


class _AnsweredIp(sa.types.UserDefinedType[Any]):
    """The same column as text, read for JSON."""

    cache_ok = True

    def get_col_spec(self, **options: Any) -> str:
        return "TEXT"

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Callable[[Any], Any] | None:
        if not _are_native(dialect.name):
            return None

        def read(text: str | None) -> Any:
            # PostgreSQL writes ::1.2.3.4 where RFC 5952 has ::102:304 (obsolete, RFC 4291, section 2.5.5.1).
            if text is None or text[:2] != "::" or "." not in text:
                return text
            return write_ip(ipaddress.IPv6Address(text))

        return read


_STORED, _ANSWERED = IpText(), _AnsweredIp()


def _answered(source: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
    return sa.func.host(source) if _are_native(dialect) else _sortable_as_text(source, dialect)


def _sortable_as_text(source: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
    """The stored text: all digits, then the canonical text."""
    after = expressions_of(dialect).place_of(sa.literal_column("' '"), source) + sa.literal_column("1")
    return sa.func.substr(source, after, type_=sa.Text())


def _hosts(source: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The conversion of :class:`_AnsweredIp`, in SQL."""
    host = sa.func.host(source, type_=sa.Text())
    one, two, three, four = (
        sa.cast(sa.func.split_part(sa.func.substr(host, 3), ".", number), sa.Integer()) for number in (1, 2, 3, 4)
    )
    high, low = sa.func.to_hex(one * 256 + two, type_=sa.Text()), sa.func.to_hex(three * 256 + four, type_=sa.Text())
    whole = sa.case(
        (high == "0", sa.literal("::", sa.Text()) + low), else_=sa.literal("::", sa.Text()) + high + ":" + low
    )
    return sa.case((host.regexp_match("^::[0-9]+[.]"), whole), else_=host)


_BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = re.compile(rf"{_BYTE}(?:\.{_BYTE}){{3}}")


class IpAddress(Formatted):
    """An IP address, of version 4 or 6, such as ``192.0.2.1`` or ``2001:db8::1``; answered in canonical form."""

    icon = "address"
    help = "An IP address, version 4 or 6"
    other_names: tuple[str, ...] = ("inet", "ip", "cidr")
    operators = operators.ORDERED
    wanted = "an IP address in a string"
    longest = len("0000:0000:0000:0000:0000:ffff:255.255.255.255")

    def options_schema(self) -> colander.SchemaNode:
        def check(node: colander.SchemaNode, value: Any) -> Any:
            if value not in (4, 6):
                raise schema.invalid(node, "want 4 or 6, or null for both", "invalid_option", value)

        return colander.SchemaNode(
            colander.Mapping(unknown="raise"),
            schema.option(
                schema.Integer(), "version", description="4 or 6: the only version taken; null: both", validator=check
            ),
        )

    def column(self, options: Options, context: Context) -> sa.Column[Any]:
        return sa.Column(_STORED)

    def checks(self, column: sa.ColumnElement[Any], options: Options, context: Context) -> Checks:
        if options["version"] is None:
            return {}
        if _are_native(context.dialect):
            return {"version": sa.func.family(column, type_=sa.Integer()) == options["version"]}
        begin = sa.func.substr(column, 1, 1, type_=sa.Text())
        return {"version": begin == "[" if options["version"] == 6 else begin != "["}

    def json_expression(self, source: sa.ColumnElement[Any], options: Options) -> sa.ColumnElement[Any]:
        return OfDialect(_answered, source, _ANSWERED)

    def json_text(self, source: sa.ColumnElement[Any], options: Options, dialect: str) -> sa.ColumnElement[Any] | None:
        # Hexadecimal digits, points and colons need no escapes.
        quote = sa.literal_column("'\"'", sa.Text())
        text = _hosts(source) if _are_native(dialect) else _sortable_as_text(source, dialect)
        return quote.concat(text).concat(quote)

    def parser(self, options: Options) -> Callable[[str], Any]:
        version = options["version"]

        def read(text: str) -> str:
            address = parse_ip(text)
            if version not in (None, address.version):
                raise ValueError(f"want an address of version {version}, not {address.version}")
            return write_ip(address)

        return read

    def fast_path(self, options: Options) -> schema.FastPath | None:
        if options["version"] == 6:
            return None
        return lambda value: type(value) is str and _IPV4.fullmatch(value) is not None

    def json_schema(self, options: Options) -> dict[str, Any]:
        formats = [f"ipv{version}" for version in (4, 6) if options["version"] in (None, version)]
        if len(formats) == 1:
            return {"type": "string", "format": formats[0]}
        return {"type": "string", "anyOf": [{"format": name} for name in formats]}

    def text_form(self, options: Options) -> TextForm:
        # No text form in SQL: PostgreSQL writes some IPv6 addresses differently (see _AnsweredIp).
        return TextForm(str)
