"""docs/errors.md lists every code that a client can meet, and no other."""

import ast
import re
from pathlib import Path

import dynmodel_pyramid
from dynmodel_pyramid.web.http.errors import TITLES

PACKAGE = Path(dynmodel_pyramid.__file__).parent
PAGE = PACKAGE.parent / "docs" / "errors.md"
#: Codes that no answer bears: what stops the start, what only makes an attempt run again, what scripts' sessions raise.
INTERNAL = {"error", "configuration", "stale", "definition_changed", "unreported_write"}
#: Codes made of a database's kind of failure.
VIOLATIONS = {f"{kind}_violation" for kind in ("unique", "foreign_key", "required", "check")}
#: Function -> the place of the code among its arguments.
PLACES = {"Problem": 1, "Unsupported": 2, "add": 1, "problem": 2, "busy": 2, "invalid": 2, "getattr": 2}


def constants(node: ast.AST | None) -> set[str]:
    """The texts that an expression may be: a constant, or the branches of a conditional expression."""
    if isinstance(node, ast.IfExp):
        return constants(node.body) | constants(node.orelse)
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()


def codes(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            found |= {code for word in node.keywords if word.arg == "code" for code in constants(word.value)}
            function = getattr(node.func, "id", getattr(node.func, "attr", None))
            if function == "getattr" and "code" not in constants(node.args[1]):
                continue
            if function in PLACES and len(node.args) > PLACES[function]:
                found |= constants(node.args[PLACES[function]])
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                names = target.elts if isinstance(target, ast.Tuple) else [target]
                values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
                for name, value in zip(names, values, strict=False):
                    if getattr(name, "id", None) == "code":
                        found |= constants(value)
        elif isinstance(node, ast.AnnAssign) and getattr(node.target, "id", None) == "code":
            found |= constants(node.value)
        elif isinstance(node, ast.FunctionDef):
            named = [argument.arg for argument in node.args.args]
            given = dict(zip(reversed(named), reversed(node.args.defaults), strict=False))
            found |= constants(given.get("code"))
    return {code for code in found if re.fullmatch("[a-z_]+", code)}


def codes_in_the_package() -> set[str]:
    found = set(VIOLATIONS)
    for path in PACKAGE.rglob("*.py"):
        if path.relative_to(PACKAGE).parts[0] not in ("testing", "scripts"):
            found |= codes(ast.parse(path.read_text(encoding="utf-8")))
    return found - INTERNAL


def test_page_lists_every_code():
    listed = re.findall(r"^\| `([a-z_]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert sorted(listed) == sorted(codes_in_the_package())


def test_page_gives_meaning_and_mend():
    rows = re.findall(r"^\| `[a-z_]+` \|(.*)\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    for row in rows:
        cells = [cell.strip() for cell in row.split("|")]
        assert all(cells)
        if len(cells) == 3:
            assert {int(status) for status in cells[0].split(", ")} <= set(TITLES) | {
                408,
                429,
            }  # these two are the server's


def test_codes_are_found():
    """The collector sees each of the ways in which the package writes a code."""
    source = """
class Fault(DynmodelError):
    code = "class_body"
class Other(HttpError):
    status, code = 405, "tuple"
def busy(request, detail, code="argument"): ...
raise Conflict("x", code="keyword")
problems.add("/x", "first" if x else "second", "detail")
problem(request, 400, "third", "detail")
raise invalid(node, "message", "fourth")
getattr(error, "code", "fifth")
"""
    expected = {"class_body", "tuple", "argument", "keyword", "first", "second", "third", "fourth", "fifth"}
    assert codes(ast.parse(source)) == expected
