"""The conformance suite fails for types that break the contract, and at the right place."""

import re
from pathlib import Path

import pytest

from tests.plugins import run

pytestmark = pytest.mark.long

#: Type -> a test that must fail for it.
CAUGHT = {
    "Lenient": "test_invalid_values_are_refused",
    "Raising": "test_any_json_value_is_taken_or_refused",
    "Hasty": "test_fast_path_agrees_with_the_validator",
    "Rash": "test_fast_path_agrees_with_the_validator",
    "Narrow": "test_values_come_back",
    "Mute": "test_text_form",
    "Untrue": "test_answers_satisfy_the_json_schema",
    "Shared": "test_options_have_a_full_form",
    "Forgetful": "test_generated_values_come_back",
    "Unheard": "test_operators_find_the_same_rows_on_both_databases",
    "Unlisted": "test_every_operator_is_asked_at_both_faces",
    "OneByOne": "test_order_is_the_same_on_both_databases",
}


@pytest.fixture(scope="module")
def failures() -> set[tuple[str, str]]:
    path = Path(__file__).with_name("broken_types.py")
    chosen = " or ".join(["TestSound", *(f"(Test{name} and {test})" for name, test in CAUGHT.items())])
    done = run("pytest", "-q", "--tb=no", "-p", "no:cacheprovider", "-k", chosen, str(path))
    found = set(re.findall(r"^(?:FAILED|ERROR) \S*::Test(\w+)::(\w+)", done.stdout, re.MULTILINE))
    assert found, done.stdout[-2000:] + done.stderr[-2000:]
    return found


def test_a_sound_type_passes(failures):
    assert [test for name, test in failures if name == "Sound"] == []


@pytest.mark.parametrize("name", CAUGHT)
def test_a_broken_type_is_caught(failures, name):
    assert (name, CAUGHT[name]) in failures, sorted(test for kind, test in failures if kind == name)
