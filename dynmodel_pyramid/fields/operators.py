"""The operators of queries, as values that field types declare.

Only the names and what they need stand here: a field type says which it takes (:attr:`FieldType.operators`) and
``GET /field-type/`` tells clients.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Operator:
    """``name`` as it stands in a query string (PostgREST, "Operators"), and what it asks."""

    name: str
    description: str


EQ = Operator("eq", "equals")
NEQ = Operator("neq", "does not equal")
GT = Operator("gt", "is greater than")
GTE = Operator("gte", "is greater than or equal to")
LT = Operator("lt", "is less than")
LTE = Operator("lte", "is less than or equal to")
LIKE = Operator("like", "matches a pattern with * as wildcard")
ILIKE = Operator("ilike", "matches a pattern, ignoring case")
MATCH = Operator("match", "matches a regular expression")
IMATCH = Operator("imatch", "matches a regular expression, ignoring case")
IN = Operator("in", "is one of a list")
IS = Operator("is", "is null, true, false or unknown")
IS_DISTINCT = Operator("isdistinct", "differs, null being a value")
CONTAINS = Operator("cs", "contains")
CONTAINED = Operator("cd", "is contained in")
OVERLAPS = Operator("ov", "overlaps")

#: What every type takes.
IDENTITY = (EQ, NEQ, IN, IS, IS_DISTINCT)
#: What types with an order take.
ORDERED = (*IDENTITY, GT, GTE, LT, LTE)
#: What types of text take.
TEXTUAL = (*ORDERED, LIKE, ILIKE, MATCH, IMATCH)
