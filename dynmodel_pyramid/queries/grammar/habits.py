"""Conditions and orders as people write them for other services -> the form here, for the hints of errors.

Operators declare their other spellings (:attr:`~dynmodel_pyramid.fields.operators.Operator.spellings`).
"""

import re
from collections.abc import Iterator

from dynmodel_pyramid.hints import asked, nearest
from dynmodel_pyramid.queries.errors import clip
from dynmodel_pyramid.queries.grammar.rules import Rules

_SIGN = r"[<>=!~@&]{1,3}"
#: ``>=5``, ``equals.5``, ``ge(5)``
_SIGNED, _WORDED = re.compile(rf"({_SIGN})(.*)", re.DOTALL), re.compile(r"([A-Za-z]\w*)[.(](.*)", re.DOTALL)
#: ``price>=5``, ``price[gte]=5``
_IN_NAME = re.compile(rf"([^<>=!~@&\[\]]+)(?:({_SIGN})|\[(\w+)\]=)(.*)", re.DOTALL)
#: ``price__gte``, as Django has it
_SUFFIXED = re.compile(r"(.+?)__([a-z]+)")
#: ``name desc``, ``name:desc``
_DIRECTION = re.compile(r"[ :](asc|desc)$", re.IGNORECASE)
#: The most characters of a text that is compared with these patterns.
_LONGEST = 200
#: Parameters of other services -> those here.
PARAMETERS = {
    **dict.fromkeys(("sort", "sort_by", "sortby", "order_by", "orderby", "ordering"), "order=name.desc"),
    **dict.fromkeys(("fields", "field", "include", "expand", "embed", "populate"), "select=id,name"),
    **dict.fromkeys(("page", "skip", "start", "from"), "limit=20&offset=40"),
    **dict.fromkeys(("per_page", "page_size", "pagesize", "size", "count", "top", "max", "take"), "limit=20"),
    **dict.fromkeys(("filter", "where", "q", "query", "search"), "name=eq.x"),
    **dict.fromkeys(("cursor", "after", "before", "next"), "the header Link of an answer"),
}


def condition_meant(text: str, rules: Rules) -> str | None:
    """The hint for a text in the place of a condition: ``Product 1`` is ``eq.Product 1``."""
    sign, word = _SIGNED.fullmatch(text.strip()), _WORDED.match(text)
    if sign is not None:
        return asked([f"{name}.{clip(sign[2].lstrip())}" for name in _operators(sign[1], rules)])
    if word is not None and (names := list(_operators(word[1], rules))):
        return asked([f"{name}." for name in names])
    if text in rules.operators:
        return None
    return asked([f"eq.{clip(text)}"])


def name_meant(name: str, value: str, rules: Rules) -> str | None:
    """The hint for the name of a parameter that has an operator in it: ``price>=5``."""
    text = f"{name}={value}" if value else name
    match = _IN_NAME.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None or match[1].rstrip() == name.rstrip():  # it is the sign between name and value
        return None
    field, spelling = match[1].rstrip(), match[2] or match[3]
    return asked([f"{field}={operator}.{clip(match[4])}" for operator in _operators(spelling, rules)])


def parameter_meant(name: str, value: str, names: list[str], rules: Rules) -> str | None:
    """The hint for an unknown parameter; ``names`` are those that a query may have here."""
    suffixed = _SUFFIXED.fullmatch(name) if len(name) <= _LONGEST else None
    if suffixed is not None and suffixed[1] in names:
        meant = [f"{suffixed[1]}={operator}.{clip(value)}" for operator in _operators(suffixed[2], rules)]
        if meant:
            return asked(meant)
    known = PARAMETERS.get(name.lower())
    return asked([known] if known is not None else nearest(name, names))


def order_meant(term: str, names: list[str] | None = None) -> str | None:
    """The hint for a term such as ``-name`` or ``name desc``; None if it is none of these, or not one of the names."""
    term = term.strip()
    if term.lower() in ("asc", "desc"):
        return "want a field and its direction: order=name.desc"
    name = term.removeprefix("-")
    descends, direction = name != term, _DIRECTION.search(name[-len(" desc") :])
    if direction is not None:
        descends = descends != (direction[1].lower() == "desc")
        name = name[: -len(direction[0])].rstrip(" :")
    if name in ("", term) or len(term) > _LONGEST:
        return None
    found = [name] if names is None or name in names else nearest(name, names, most=1)
    return asked([f"{clip(name)}.{'desc' if descends else 'asc'}" for name in found])


def _operators(spelling: str, rules: Rules) -> Iterator[str]:
    """The operators of another spelling, or of a similar name."""
    spelling = spelling.lower()
    if spelling in rules.operators:
        yield spelling
    elif spelling in rules.spellings:
        yield from rules.spellings[spelling]
    elif spelling.isidentifier():
        yield from nearest(spelling, rules.operators, most=2)
