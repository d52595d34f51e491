"""The cost of a JSON Schema (2020-12), known before any value is checked.

The validator follows each path through ``$ref``, ``allOf`` and their like on its own: ``allOf: [$ref, $ref]``, nested
twenty times, checks one number a million times. So the paths are counted here. A value's part at some depth is checked
by at most as many parts of the schema as have a path of that depth to it; :class:`Costs` has these numbers for each
depth that a value may have, once for keywords and once for the cost of each character of a text (patterns).
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin

from dynmodel_pyramid.fields.schema import MAX_DEPTH

#: The most members and items of a schema; and the longest chain of schemas that are applied to one value.
LARGEST, CHAIN = 5000, 50
#: How many keywords may check one part of a value.
MOST = 5_000
#: How often an ``unevaluated...`` makes the keywords beside it run.
_AGAIN = 3

_LISTS = ("allOf", "anyOf", "oneOf")
_SINGLE = ("not", "if", "then", "else")
#: Keywords whose value is one schema, a list of them, or an object of them.
_SCHEMAS = (*_SINGLE, "additionalProperties", "propertyNames", "items", "contains", "unevaluatedItems",
            "unevaluatedProperties", "contentSchema")  # fmt: skip
_OF_LISTS = (*_LISTS, "prefixItems")
_OF_OBJECTS = ("$defs", "definitions", "properties", "patternProperties", "dependentSchemas")
_UNEVALUATED = ("unevaluatedItems", "unevaluatedProperties")

_BELOW = frozenset(
    ("properties", "patternProperties", "additionalProperties", "propertyNames", "items", "prefixItems", "contains",
     *_UNEVALUATED)
)  # fmt: skip

Cost = tuple[int, int]


class Costs:
    """The costs of one schema.

    :param pattern_size: the cost of a character by a pattern; raises ``ValueError`` for a refused pattern
    :raises ValueError: the schema is too large, costs too much, or refers to something outside itself
    """

    def __init__(self, document: dict[str, Any] | bool, pattern_size: Callable[[str], int]) -> None:
        size = _size(document)
        if size > LARGEST:
            raise ValueError(f"want a schema of at most {LARGEST} members and items, not {size}")
        self._pattern_size = pattern_size
        self._root = document
        self._base = document.get("$id", "") if type(document) is dict else ""
        self._base = urldefrag(self._base).url if type(self._base) is str else ""
        self._anchors: dict[str, dict[str, Any]] = {}
        self._dynamic: dict[str, list[dict[str, Any]]] = {}
        self._find_anchors(document)
        self._closures: dict[int, Counter[int]] = {}
        #: States of all patterns.
        self.pattern_sizes = 0
        self._nodes: dict[int, dict[str, Any]] = {}
        self._owned: dict[int, Cost] = {}
        #: For each depth of a value: the most (keywords, characters' costs) for each of its parts there.
        self.by_depth = self._all_depths()

    def of(self, value: Any) -> Cost:
        """The cost of a value: (keywords that check its parts, cost of its characters)."""
        keywords = characters = 0
        for (parts, letters), (per_part, per_character) in zip(_by_depth(value), self.by_depth, strict=False):
            keywords += parts * per_part
            characters += letters * per_character
        return keywords, characters

    # Parts of the schema

    def _find_anchors(self, schema: Any) -> None:
        if type(schema) is not dict:
            return
        if schema is not self._root and "$id" in schema:
            raise ValueError("want $id at the top of the schema alone")
        for keyword, anchors in (("$anchor", self._anchors), ("$dynamicAnchor", self._dynamic)):
            name = schema.get(keyword)
            if type(name) is str:
                self._anchors.setdefault(name, schema)
                if anchors is self._dynamic:
                    self._dynamic.setdefault(name, []).append(schema)
        for inner in _within(schema):
            self._find_anchors(inner)

    def _target(self, reference: Any) -> dict[str, Any] | bool:
        if type(reference) is not str:
            return True  # not a schema; compiling it raises the error
        url, fragment = urldefrag(urljoin(self._base, reference))
        if url != self._base and reference[:1] != "#":
            raise ValueError(f"$ref leads to {reference!r}, which is not in the schema")
        if fragment and fragment[0] != "/":
            if fragment not in self._anchors:
                raise ValueError(f"$ref leads to {reference!r}, which is not in the schema")
            return self._anchors[fragment]
        place: Any = self._root
        for step in unquote(fragment).split("/")[1:]:
            step = step.replace("~1", "/").replace("~0", "~")
            if type(place) is list and step.isdecimal() and int(step) < len(place):
                place = place[int(step)]
            elif type(place) is dict and step in place:
                place = place[step]
            else:
                raise ValueError(f"$ref leads to {reference!r}, which is not in the schema")
        if type(place) not in (dict, bool):
            raise ValueError(f"$ref leads to {reference!r}, which is no schema")
        if type(place) is dict and place is not self._root and "$id" in place:
            raise ValueError("want $id at the top of the schema alone")
        return place

    def _in_place(self, schema: dict[str, Any]) -> Iterator[Any]:
        """The subschemas that check the same part of a value."""
        for keyword in _LISTS:
            if type(schema.get(keyword)) is list:
                yield from schema[keyword]
        yield from (schema[keyword] for keyword in _SINGLE if keyword in schema)
        if type(schema.get("dependentSchemas")) is dict:
            yield from schema["dependentSchemas"].values()
        if "$ref" in schema:
            yield self._target(schema["$ref"])
        if "$dynamicRef" in schema:
            target = self._target(schema["$dynamicRef"])
            name = urldefrag(str(schema["$dynamicRef"])).fragment
            yield from self._dynamic.get(name, [target])

    # The cost of one part of a value

    def _closure(self, schema: Any, chain: tuple[int, ...] = ()) -> Counter[int]:
        """All schemas that check a part of a value if this one does, and how often each, by their ``id``."""
        if type(schema) is not dict:
            return Counter()
        key = id(schema)
        if key in self._closures:
            return self._closures[key]
        if key in chain:
            raise ValueError("a schema judges the same value once more by way of itself: $ref, allOf and their like")
        if len(chain) >= CHAIN:
            raise ValueError(
                f"want at most {CHAIN} schemas that lead from one to the other by $ref, allOf and their like"
            )
        self._nodes[key] = schema
        times = _AGAIN if any(keyword in schema for keyword in _UNEVALUATED) else 1
        counts = Counter({key: 1})
        for inner in self._in_place(schema):
            for other, count in self._closure(inner, (*chain, key)).items():
                counts[other] += count * times
        if counts.total() > MOST:
            raise ValueError(f"more than {MOST} paths through $ref, allOf and their like lead to one part of a value")
        self._closures[key] = counts
        return counts

    def _cost(self, schema: Any) -> Cost:
        """The cost of a part of a value, without the parts below it."""
        keywords, characters = 1, 0
        for key, count in self._closure(schema).items():
            own = self._own(self._nodes[key])
            keywords, characters = keywords + count * own[0], characters + count * own[1]
        return keywords, characters

    def _own(self, schema: dict[str, Any]) -> Cost:
        known = self._owned.get(id(schema))
        if known is None:
            known = self._owned[id(schema)] = self._counted(schema)
            self.pattern_sizes += known[1]
        return known

    def _counted(self, schema: dict[str, Any]) -> Cost:
        keywords, characters = 0, 0
        for keyword, value in schema.items():
            if keyword in ("patternProperties", "dependentSchemas") and type(value) is dict:
                keywords += 1 + len(value)
            elif keyword in ("enum", "const", "required", "dependentRequired", "type"):
                keywords += _size(value)
            elif keyword == "multipleOf":
                keywords += _division(value)
            elif keyword not in ("$defs", "definitions"):
                keywords += 1
            if keyword == "pattern" and type(value) is str:
                characters += self._pattern_size(value)
            elif keyword == "patternProperties" and type(value) is dict:
                characters += sum(map(self._pattern_size, value))
            elif keyword in ("minLength", "maxLength", "enum", "const", "uniqueItems"):
                characters += 1
            elif keyword == "propertyNames":
                characters += self._cost(value)[1]
        return keywords, characters

    # All depths

    def _all_depths(self) -> list[Cost]:
        own: dict[int, Cost] = {}
        #: Many schemas lead to the same ones below, as all with ``$ref: "#"`` do.
        steps: dict[tuple[tuple[int, int], ...], _Steps] = {}
        leads_to: dict[int, _Steps] = {}
        waiting = [self._root]
        while waiting:
            schema = waiting.pop()
            key = id(schema)
            if type(schema) is not dict or key in own:
                continue
            own[key] = self._cost(schema)
            members = tuple(
                sorted(member for member in self._closure(schema).items() if _leads_below(self._nodes[member[0]]))
            )
            if members not in steps:
                steps[members] = _Steps([(self._nodes[key], count) for key, count in members])
                waiting += steps[members].targets()
                if sum(step.size for step in steps.values()) > MOST:
                    raise ValueError("too many schemas for members and items")
            leads_to[key] = steps[members]
        return self._by_depth(own, leads_to, list(steps.values()))

    def _by_depth(self, own: dict[int, Cost], leads_to: dict[int, "_Steps"], steps: list["_Steps"]) -> list[Cost]:
        root_costs = [own.get(id(self._root), (1, 0))]
        below = own
        for depth in range(1, MAX_DEPTH + 1):
            step_costs = {id(step): step.costs(below, depth == 1) for step in steps}
            if depth == 1:
                for step in steps:
                    names = sum(self._cost(schema)[0] * count for schema, count in step.names)
                    step_costs[id(step)] = (step_costs[id(step)][0] + names, step_costs[id(step)][1])
            below = {key: step_costs[id(step)] for key, step in leads_to.items()}
            root_costs.append(below.get(id(self._root), (0, 0)))
            if root_costs[-1][0] > MOST:
                raise ValueError(
                    f"at depth {depth} more than {MOST} keywords would judge one part of a value: "
                    "want fewer paths through $ref, allOf, items, properties and their like"
                )
            if not any(map(any, step_costs.values())):
                break
        return root_costs


class _Steps:
    """The schemas that check the parts below a part of a value: each member by its name, each item by its place."""

    def __init__(self, closure: list[tuple[dict[str, Any], int]]) -> None:
        self.always: list[tuple[Any, int]] = []
        self.otherwise: tuple[list[tuple[Any, int]], list[tuple[Any, int]]] = ([], [])
        #: By name and by place: (schema, the one that would otherwise check the member or None, how often).
        self.named: dict[tuple[int, Any], list[tuple[Any, Any, int]]] = {}
        self.items_always: list[tuple[Any, int]] = []
        self.names: list[tuple[Any, int]] = []
        for schema, count in closure:
            self._add(schema, count)
        self.size = sum(1 for _ in self.targets())

    def _add(self, schema: dict[str, Any], count: int) -> None:
        of_patterns = schema.get("patternProperties")
        if type(of_patterns) is dict:
            self.always += [(inner, count) for inner in of_patterns.values()]
        for keyword, targets in (("unevaluatedProperties", self.always), ("contains", self.items_always),
                                 ("unevaluatedItems", self.items_always), ("propertyNames", self.names)):  # fmt: skip
            if keyword in schema:
                targets.append((schema[keyword], count))
        for kind, (keyword, other) in enumerate((("properties", "additionalProperties"), ("prefixItems", "items"))):
            rest = schema.get(other)
            if other in schema:
                self.otherwise[kind].append((rest, count))
            own = schema.get(keyword)
            listed = own.items() if type(own) is dict else enumerate(own) if type(own) is list else ()
            for name, inner in listed:
                self.named.setdefault((kind, name), []).append((inner, rest, count))

    def targets(self) -> Iterator[Any]:
        for schema, _ in (*self.always, *self.items_always, *self.otherwise[0], *self.otherwise[1]):
            yield schema
        for entries in self.named.values():
            yield from (schema for schema, _, _ in entries)

    def costs(self, below: dict[int, Cost], is_first: bool) -> Cost:
        """The most that a part below costs; ``below`` has the costs of the schemas for one level less."""
        nothing = (1, 0) if is_first else (0, 0)
        return (self._cost(below, nothing, 0), self._cost(below, nothing, 1))

    def _cost(self, below: dict[int, Cost], nothing: Cost, number: int) -> int:
        def of(schema: Any) -> int:
            return 0 if schema is None else below.get(id(schema), nothing)[number]

        totals = []
        for kind, always in enumerate((self.always, self.items_always)):
            base = sum(of(schema) * count for schema, count in (*always, *self.otherwise[kind]))
            totals.append(base)
            for (of_kind, _), entries in self.named.items():
                if of_kind == kind:
                    totals.append(base + sum((of(schema) - of(rest)) * count for schema, rest, count in entries))
        return max(totals)


def _division(divisor: Any) -> int:
    """Fractions are divided exactly: 1 microsecond, or 40 where numerators are long."""
    return 50 if type(divisor) is int or (type(divisor) is float and 1e-20 < divisor < 1e20) else 2000


def _leads_below(schema: dict[str, Any]) -> bool:
    return not _BELOW.isdisjoint(schema)


def _within(schema: dict[str, Any]) -> Iterator[Any]:
    """The schemas inside a schema."""
    for keyword, value in schema.items():
        if keyword in _SCHEMAS:
            yield value
        elif keyword in _OF_LISTS and type(value) is list:
            yield from value
        elif keyword in _OF_OBJECTS and type(value) is dict:
            yield from value.values()


def _size(value: Any) -> int:
    return sum(count for count, _ in _by_depth(value))


def _by_depth(value: Any) -> Iterator[tuple[int, int]]:
    """For each depth of a value: (number of parts, number of their characters)."""
    level = [value]
    while level:
        below: list[Any] = []
        characters = 0
        for item in level:
            kind = type(item)
            if kind is dict:
                below += item.values()
                characters += sum(map(len, item))
            elif kind is list:
                below += item
            elif kind is str:
                characters += len(item)
        yield len(level), characters
        level = below
