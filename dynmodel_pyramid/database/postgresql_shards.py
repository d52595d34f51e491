"""Errors that Citus passes on from a shard.

Citus sends a statement to the shards of a table, whose names, and those of constraints and indexes, have the shard's
number at the end: ``_ux_2_3_102016``. Of an error of another node it passes on the SQLSTATE and the texts, but no
fields of their own for the constraint and the table (``ReportResultError`` in its ``connection/remote_commands.c``). So
these are read from the message, whatever its language: names stand in quotes there.
"""

import re

#: The kinds of failures that a rule of a table causes.
KINDS = frozenset({"unique", "foreign_key", "required", "check"})
#: A name in a message.
_NAME = re.compile(r"[\"«»„“”]\s?([^\"«»„“”]+?)\s?[\"«»„“”]")
#: The number of a shard; Citus counts them from 102008.
_SHARD = re.compile(r"_[1-9][0-9]{5,}\Z")
#: A rule's name as this package gives it, with the number of a shard or without: of the table and, but for a primary
#: key, of a field.
_RULE = re.compile(r"_(?:ux|ix|ck|fk|pk)_[0-9]\w*")


def without_shard(constraint: str | None, table: str | None) -> tuple[str | None, str | None]:
    """The names of a constraint and its table, which may be those of a shard: then both end with its number."""
    shard = _SHARD.search(table or "")
    if shard is None or constraint is None or not constraint.endswith(shard[0]):
        return constraint, table
    return constraint.removesuffix(shard[0]), str(table).removesuffix(shard[0])


def rule_of(kind: str, message: str) -> tuple[tuple[str, ...], str | None, str | None]:
    """The columns, the constraint and the table that a message without fields names.

    :param kind: one of :data:`KINDS`
    """
    names = _NAME.findall(message)
    if kind == "required":
        # null value in column "name" of relation "Product_102016" violates not-null constraint
        return tuple(names[:1]), None, _SHARD.sub("", names[1]) if len(names) > 1 else None
    rules = [_without_number(name) for name in names if _RULE.fullmatch(name)]
    return (), rules[-1] if rules else None, None


def _without_number(rule: str) -> str:
    bare = _SHARD.sub("", rule)
    # What has no number before that is a number of this package: _ux_2_100000 is a rule of the table 2.
    return bare if bare.count("_") >= (2 if rule.startswith("_pk_") else 3) else rule
