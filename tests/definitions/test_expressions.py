r"""The package's own regular expressions: each takes time that grows with the text alone, whatever a client sends.

Python's engine goes back where there are several ways to match a part of the text. So no expression has two such ways
that can be repeated: for no states p and q (places in the expression, also the same one) does a text lead from p to p,
from p to q, and from q to q (Weber and Seidl, "On the degree of ambiguity of finite automata", 1991).
And only the two modules that translate for RE2 see the expressions of clients.
"""

import ast
import importlib
import re
from itertools import product
from pathlib import Path
from re import _compiler, _parser
from re import _constants as op

import pytest

import dynmodel_pyramid

PACKAGE = Path(dynmodel_pyramid.__file__).parent
#: What stands for all characters: those that the expressions tell apart.
ALPHABET = [chr(code) for code in range(0x20, 0x7F)] + list("\t\r\n\0é\ud800🙂")
#: Functions whose first argument is an expression, and the modules that may build one while the program runs:
#: of constants of their own, and of single characters, escaped, that a dialect of CSV has.
COMPILERS = {"compile", "match", "fullmatch", "search", "sub", "split", "findall", "finditer"}
BUILT = {
    "fields/characters.py",
    "fields/columns.py",
    "database/sqlite_functions.py",
    "database/texts/words.py",
    "changes/ddl/sqlite.py",
    "scripts/schema_files.py",
    "exchange/delimited.py",
    "exchange/detecting.py",
    "exchange/dialects.py",
    "web/openapi/templates.py",
    "web/page/assets.py",
}


def sources():
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE), ast.parse(path.read_text(encoding="utf-8"))


def expressions():
    """All compiled expressions that modules have as constants, by their places."""
    found = {}
    for path, _ in sources():
        if "migrations" not in path.parts and path.parts[0] in (
            "fields",
            "queries",
            "rows",
            "exchange",
            "web",
            "database",
            "definitions",
            "tables",
        ):
            module = importlib.import_module(".".join(("dynmodel_pyramid", *path.with_suffix("").parts)))
            for name, value in vars(module).items():
                for number, each in enumerate(value.values() if isinstance(value, dict) else [value]):
                    if isinstance(each, re.Pattern):
                        found.setdefault((each.pattern, each.flags), f"{path}:{name}{number or ''}")
    return {place: key for key, place in found.items()}


class Automaton:
    """The positions of an expression (Glushkov): which characters each takes, which positions can be next."""

    def __init__(self, pattern: str, flags: int):
        self.takes: list[frozenset[str]] = []
        self.next: list[set[int]] = []
        #: Steps that can be made for two reasons, as that from a to a in (a+)+.
        self.doubled: set[tuple[int, int]] = set()
        self.flags = flags
        self.sequence(_parser.parse(pattern, flags))

    def join(self, places, targets):
        for place, target in product(places, targets):
            if target in self.next[place]:
                self.doubled.add((place, target))
            self.next[place].add(target)

    def sequence(self, items):
        first, last, empty = set(), set(), True
        for kind, value in items:
            its_first, its_last, its_empty = self.item(kind, value)
            self.join(last, its_first)
            first |= its_first if empty else set()
            last = its_last | (last if its_empty else set())
            empty = empty and its_empty
        return first, last, empty

    def item(self, kind, value):
        if kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            low, high, inner = value
            first, last, empty = self.sequence(inner)
            if high is op.MAXREPEAT:
                self.join(last, first)
            return first, last, empty or low == 0
        if kind is op.SUBPATTERN:
            return self.sequence(value[3])
        if kind is op.BRANCH:
            parts = [self.sequence(branch) for branch in value[1]]
            return set().union(*(p[0] for p in parts)), set().union(*(p[1] for p in parts)), any(p[2] for p in parts)
        if kind in (op.AT, op.ASSERT, op.ASSERT_NOT):
            return set(), set(), True
        atom = one_character(kind, value, self.flags)
        self.takes.append(frozenset(character for character in ALPHABET if atom(character)))
        self.next.append(set())
        position = len(self.takes) - 1
        return {position}, {position}, False

    def ambiguous(self):
        """Two positions that a text leads to and between in several ways; None if there are none such."""
        count = range(len(self.takes))
        arcs = {p: self.next[p] for p in count}
        for place, target in self.doubled:
            if place == target or place in self._reached(arcs, target):
                return place, target
        loops = [p for p in count if p in self._reached(arcs, p)]
        for p in loops:
            for q in loops:
                if self._pumps(p, q):
                    return p, q
        return None

    @staticmethod
    def _reached(arcs, start):
        seen, waiting = set(), list(arcs[start])
        while waiting:
            place = waiting.pop()
            if place not in seen:
                seen.add(place)
                waiting += arcs[place]
        return seen

    def _pumps(self, p, q):
        """Whether some text leads from p to p, from p to q and from q to q; for p = q, in two ways to itself."""
        start, goal = ((p, p, q, False), (p, q, q, True)) if p != q else ((p, p, p, False), (p, p, p, True))
        seen, waiting = set(), [start]
        while waiting:
            a, b, c, differs = waiting.pop()
            for x, y, z in product(self.next[a], self.next[b], self.next[c]):
                if not (self.takes[x] & self.takes[y] & self.takes[z]):
                    continue
                step = (x, y, z, differs or x != y or p != q)
                if step == goal:
                    return True
                if step not in seen:
                    seen.add(step)
                    waiting.append(step)
        return False


def one_character(kind, value, flags):
    state = _parser.State()
    state.flags = flags
    found = _compiler.compile(_parser.SubPattern(state, [(kind, value)]), flags)
    return lambda character: found.fullmatch(character) is not None


def ambiguous(pattern: str, flags: int = re.UNICODE):
    return Automaton(pattern, flags).ambiguous()


EXPRESSIONS = expressions()


#: It has two ways for blanks, and none to fail once it has taken a character: it never goes back.
NEVER_FAILS = "queries/grammar/cursor.py:_NAME"


@pytest.mark.parametrize("place", sorted(EXPRESSIONS.keys() - {NEVER_FAILS}))
def test_no_text_takes_an_expression_long(place):
    pattern, flags = EXPRESSIONS[place]
    assert ambiguous(pattern, flags & ~re.DEBUG) is None, pattern


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+b", "(ab|a|b)*c", "(a|aa)*b", r"\d+\.?\d*", r"[ \t]*(?:x)?[ \t]*,", "(.*a)*b", r"(\w+\s?)*:", "a*a*b"],
)
def test_the_judge_finds_those_that_do(pattern):
    assert ambiguous(pattern) is not None


@pytest.mark.parametrize(
    "pattern", ["a+b", "(ab)*c", r"[a-z]+(?:-[a-z]+)*", r'"(?:[^"\\]|\\.)*"', r"\d+(?:\.\d*)?", "(a|b)*c"]
)
def test_the_judge_lets_others_pass(pattern):
    assert ambiguous(pattern) is None


def test_expressions_of_clients_reach_re2_alone():
    """``re`` is called with constants, by modules that build expressions of constants, and by nobody else."""
    for path, tree in sources():
        if str(path) in BUILT:
            continue
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            called = node.func
            if isinstance(called.value, ast.Name) and called.value.id == "re" and called.attr in COMPILERS:
                names = {inner.id for inner in ast.walk(node.args[0]) if isinstance(inner, ast.Name)}
                assert all(name.isupper() for name in names), f"{path}:{node.lineno} builds an expression of {names}"
            assert not (isinstance(called.value, ast.Name) and called.value.id == "re2") or path.name == "regex.py"
