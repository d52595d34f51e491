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
OVERLAPS = Operator("ov", "has something in common with")
STRICTLY_LEFT = Operator("sl", "lies before, without a common value")
STRICTLY_RIGHT = Operator("sr", "lies after, without a common value")
NOT_RIGHT = Operator("nxr", "does not extend to the right of")
NOT_LEFT = Operator("nxl", "does not extend to the left of")
ADJACENT = Operator("adj", "is adjacent to")

#: What every type takes.
IDENTITY = (EQ, NEQ, IN, IS, IS_DISTINCT)
#: What types with an order take.
ORDERED = (*IDENTITY, GT, GTE, LT, LTE)
#: What types of ranges take (PostgreSQL's manual, 9.20).
RANGES = (*IDENTITY, CONTAINS, CONTAINED, OVERLAPS, STRICTLY_LEFT, STRICTLY_RIGHT, NOT_RIGHT, NOT_LEFT, ADJACENT)
#: What types of text take.
TEXTUAL = (*ORDERED, LIKE, ILIKE, MATCH, IMATCH)
