"""What a setting is, and the parsers of values: each takes a text, and raises ``ValueError`` saying what is wanted."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from string import Template
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Setting:
    """One key (without the prefix), its parser (raises ``ValueError`` saying what is wanted), default and help.

    :param secret: no error, log or script shows its value
    """

    name: str
    parse: Callable[[str], Any]
    default: Any
    help: str
    secret: bool = False


def boolean(text: str) -> bool:
    words = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
    try:
        return words[text.strip().lower()]
    except KeyError:
        raise ValueError("want true or false") from None


def at_least(lowest: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = lowest - 1
        if number < lowest:
            raise ValueError(f"want a whole number, at least {lowest}")
        return number

    return parse


def days(text: str) -> int:
    if not text.strip().isdecimal() or not 0 <= int(text) <= 36_500:
        raise ValueError("want a whole number of days, 0 to 36500")
    return int(text)


def hours(text: str) -> int:
    if not text.strip().isdecimal() or not 1 <= int(text) <= 8784:
        raise ValueError("want a whole number of hours, 1 to 8784, which is a year")
    return int(text)


def seconds(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 < number <= 86_400:
        raise ValueError("want a number of seconds above 0, at most 86400")
    return number


def many_seconds(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 < number <= 31_536_000:
        raise ValueError("want a number of seconds above 0, at most 31536000, which is a year")
    return number


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def one_line(text: str) -> str:
    if not text.strip().isprintable():
        raise ValueError("want one line of text")
    return text.strip()


def rate(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1_000_000:
        raise ValueError("want a number, 0 to 1000000")
    return number


def moment(text: str) -> float:
    """Seconds since 1970; 0 where the text is empty."""
    try:
        parsed = datetime.fromisoformat(text.strip()) if text.strip() else datetime.fromisoformat("1970-01-01T00Z")
    except ValueError:
        parsed = datetime.min
    if parsed.tzinfo is None:
        raise ValueError("want a moment such as 2026-01-31T12:00:00Z")
    return parsed.timestamp()


def secret(text: str) -> str:
    """A text in which ``${NAME}`` stands for a variable of the environment."""
    try:
        return Template(text.strip()).substitute(os.environ)
    except KeyError as error:
        raise ValueError(f"the environment variable {error.args[0]} is not set") from None
    except ValueError:
        raise ValueError("a $ must begin ${NAME}, or be written $$") from None


def origin_or_empty(text: str) -> str:
    """An origin as browsers write it (RFC 6454, section 6.2): in lower case, without the scheme's own port."""
    text = text.strip()
    if not text:
        return ""
    parts = urlsplit(text)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    extra = parts.username is not None or parts.path not in ("", "/") or "?" in text or "#" in text or "\\" in text
    if parts.scheme not in ("http", "https") or not host or extra or not text.isascii() or " " in text:
        raise ValueError("want an origin such as https://data.example.org, without a path")
    host = f"[{host}]" if ":" in host else host
    is_own_port = port in (None, {"http": 80, "https": 443}[parts.scheme])
    return f"{parts.scheme}://{host}" if is_own_port else f"{parts.scheme}://{host}:{port}"


_KEY = r'(?:[^\s."\\]+|"[^"\\]+")'


def json_path(text: str) -> tuple[str, ...]:
    """Keys from the outside to the inside: ``role``, ``.app.roles``, or ``"https://example.org/roles"``."""
    text = text.strip()
    if not re.fullmatch(rf"\.?{_KEY}(?:\.{_KEY})*", text):
        raise ValueError('want keys with dots between them, such as app.roles; a key with a dot stands in "quotes"')
    return tuple(key.strip('"') for key in re.findall(_KEY, text))


def identifier_or_empty(text: str) -> str:
    text = text.strip()
    if text and not text.isidentifier():
        raise ValueError("want letters, digits and underscores, beginning with a letter")
    return text


def identifier(text: str) -> str:
    if not text.strip():
        raise ValueError("want a name")
    return identifier_or_empty(text)


#: A tenant's name: it is a label of a host name, a segment of a path, and a part of the name of a schema or a file.
_TENANT = re.compile(r"[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?")
#: Characters of a tenant's name, and those that it leaves for the rest of a schema's (PostgreSQL's NAMEDATALEN).
LONGEST_TENANT, LONGEST_TENANT_SCHEMAS = 48, 15
#: Names that no tenant has: the operators' pages are there.
RESERVED_TENANTS = frozenset({"live", "ready", "metrics"})


def is_tenant_name(text: str) -> bool:
    return len(text) <= LONGEST_TENANT and text not in RESERVED_TENANTS and _TENANT.fullmatch(text) is not None


def tenant_name(text: str) -> str:
    if not is_tenant_name(text):
        raise ValueError(
            f"want at most {LONGEST_TENANT} of the characters a-z, 0-9, - and _, with a letter or digit at both ends, "
            f"and none of {', '.join(sorted(RESERVED_TENANTS))}"
        )
    return text


def tenant_name_or_empty(text: str) -> str:
    return tenant_name(text.strip()) if text.strip() else ""


def tenant_schemas(text: str) -> str:
    if not re.fullmatch(rf"[a-z][a-z0-9_]{{0,{LONGEST_TENANT_SCHEMAS - 1}}}", text) or text.startswith("pg_"):
        raise ValueError(f"want at most {LONGEST_TENANT_SCHEMAS} of a-z, 0-9 and _, beginning with a letter, not pg_")
    return text


def host_or_empty(text: str) -> str:
    """A host name in lower case, without a port."""
    text = text.strip().lower().strip(".")
    if text and not re.fullmatch(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*", text):
        raise ValueError("want the name of a host, such as data.example.org, without a port")
    return text


def at_most(most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        number = int(text) if text.strip().isdecimal() else most + 1
        if number > most:
            raise ValueError(f"want a whole number, at most {most}")
        return number

    return parse


def long_secret(text: str) -> str:
    """A secret that nobody guesses, or none."""
    found = secret(text)
    if found and (len(found) < 16 or not found.isascii() or not found.isprintable() or " " in found):
        raise ValueError("want at least 16 characters of ASCII without spaces, such as openssl rand -hex 24 prints")
    return found


def one_of(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.strip().lower() not in choices:
            raise ValueError("want one of " + ", ".join(choices))
        return text.strip().lower()

    return parse
