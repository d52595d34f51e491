"""Texts of one format, checked in SQL: the result of the type's parser for usual texts, NULL for all others.

The libraries for addresses know far more forms. Here only plain ones are read, which all their releases accept.
"""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database.expressions import expressions_of
from dynmodel_pyramid.fields.sql.reading import looks_like, only, place_of

_DIGITS, _LOWER = "0123456789", "abcdefghijklmnopqrstuvwxyz"
_ALPHANUMERIC = _LOWER + _LOWER.upper() + _DIGITS
_HEX = "[0-9A-Fa-f]"
#: All characters that ``str.strip`` removes.
_SPACES = "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
_SPACES += "\u2028\u2029\u202f\u205f\u3000"


def _holds_none(text: sa.ColumnElement[Any], *parts: str) -> sa.ColumnElement[Any]:
    return sa.and_(*(text.not_like(f"%{part}%") for part in parts))


def slug(text: sa.ColumnElement[Any], longest: int) -> sa.ColumnElement[Any]:
    size = sa.func.length(text, type_=sa.Integer())
    ends = sa.or_(sa.func.substr(text, 1, 1) == "-", sa.func.substr(text, size, 1) == "-")
    good = sa.and_(size.between(1, longest), only(text, _LOWER + _DIGITS + "-"), _holds_none(text, "--"), sa.not_(ends))
    return sa.case((good, text))


def colour(text: sa.ColumnElement[Any], alpha: bool, dialect: str) -> sa.ColumnElement[Any]:
    good = looks_like(text, "[#]" + 6 * _HEX, dialect)
    if alpha:
        good = sa.or_(good, looks_like(text, "[#]" + 8 * _HEX, dialect))
    return sa.case((good, expressions_of(dialect).lower(text)))


def uuid(text: sa.ColumnElement[Any], kind: sa.types.TypeEngine[Any], dialect: str) -> sa.ColumnElement[Any]:
    form = "-".join(count * _HEX for count in (8, 4, 4, 4, 12))
    return sa.case((looks_like(text, form, dialect), expressions_of(dialect).read_uuid(text, kind)))


def email(text: sa.ColumnElement[Any], special: Iterable[str], dialect: str) -> sa.ColumnElement[Any]:
    """An address of lower-case ASCII letters, digits and ``._+-``, which is its own normal form.

    :param special: domains without addresses; every address that ends with the last word of one is left to Python
    """
    place = place_of("@", text, dialect)
    local, domain = (
        sa.func.substr(text, 1, place - 1, type_=sa.Text()),
        sa.func.substr(text, place + 1, type_=sa.Text()),
    )
    # The domain without its last word ends with a dot.
    begin = sa.func.rtrim(domain, _LOWER, type_=sa.Text())
    last = sa.func.substr(domain, sa.func.length(begin) + 1, type_=sa.Text())
    good = sa.and_(
        only(local, _LOWER + _DIGITS + "._+-"),
        only(domain, _LOWER + _DIGITS + ".-"),
        _holds_none(sa.literal("@").concat(text), "..", ".@", "@.", "@-"),
        _holds_none(domain, "--", "-.", ".-"),
        sa.func.length(local).between(1, 64),
        sa.func.length(domain) <= 63,
        sa.func.length(begin) >= 2,
        sa.func.length(last) >= 2,
        begin.like("%."),
        last.not_in([name.rpartition(".")[2] for name in special]),
    )
    return sa.case((place > 1, sa.case((good, text))))


def url(text: sa.ColumnElement[Any], schemes: Iterable[str], longest: int, dialect: str) -> sa.ColumnElement[Any]:
    """A URL whose host is a name without a port, without percent-encoding."""
    place = place_of("://", text, dialect)
    rest = sa.func.substr(text, place + 3, type_=sa.Text())
    good = sa.and_(
        sa.func.substr(text, 1, place - 1).in_(list(schemes)),
        only(sa.func.substr(rest, 1, 1), _ALPHANUMERIC),
        rest != "",
        only(rest, _ALPHANUMERIC + "-._~/?=&+,;"),
        sa.func.length(text) <= longest,
    )
    return sa.case((place > 1, sa.case((good, text))))


def only_item(text: sa.ColumnElement[Any], kind: sa.types.TypeEngine[Any], dialect: str) -> sa.ColumnElement[Any]:
    """An array of one text, if the text is not itself written as an array."""
    stripped = sa.func.ltrim(sa.func.rtrim(text, _SPACES), _SPACES, type_=sa.Text())
    good = sa.and_(stripped == text, text != "", sa.func.substr(text, 1, 1).not_in(["[", "{"]))
    return sa.type_coerce(expressions_of(dialect).array_of(text, good), kind)
