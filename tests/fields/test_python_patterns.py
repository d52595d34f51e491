r"""Patterns of clients: what the linear engine says is what Python's ``re`` says, and no text takes it long."""

import re
import warnings

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dynmodel_pyramid.database import regex
from dynmodel_pyramid.fields import characters, python_patterns

#: Letters whose case is not simple, words and digits beyond ASCII, all kinds of spaces and line ends.
CHARACTERS = "abBéÉßſkK\u212a1١_ \n\r\x1c\x85\u2028-AiIİıςσΣfF🙂"
ATOMS = st.sampled_from(
    [*"abBéÉßſk1١_ \n", "\u212a", ".", r"\d", r"\w", r"\s", r"\D", r"\W", r"\S", "[ab]", "[^a]", "[a-f]", r"[^\n]"]
    + [r"[\w-]", r"[^\W]", r"[\s\d]", r"[^\d]", "[é-ñ]", "İ", "ı", "i", "I", "ς", "σ", "Σ", r"\x1c", r"\x85", "[^σ]"]
    + ["[Ā-\uffff]", "[^\U00010400-\U0010ffff]"]
)
PLACES = st.sampled_from(["^", "$", r"\b", r"\B", r"\A", r"\Z"])
QUANTIFIERS = st.sampled_from(["*", "+", "?", "*?", "+?", "??", "{2}", "{0,2}", "{1,}", "{,3}?", "{0}"])
GROUPS = st.sampled_from(["(", "(?:", "(?P<name>", "(?i:", "(?s:", "(?-i:", "(?m:", "(?a:"])


def larger(inner):
    return st.one_of(
        st.lists(inner, max_size=3).map("".join),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})"),
        st.builds("{}{})".format, GROUPS, inner),
        st.builds("(?:{}){}".format, inner, QUANTIFIERS),
    )


PATTERNS = st.builds(
    "{}{}".format,
    st.sampled_from(["", "", "(?i)", "(?m)", "(?s)", "(?a)", "(?ai)", "(?im)"]),
    st.recursive(ATOMS | PLACES, larger, max_leaves=8),
)
#: Short: Python tries each way in which quantifiers within quantifiers can match.
TEXTS = st.lists(st.text(CHARACTERS, max_size=5), min_size=1, max_size=12)


@settings(max_examples=1500, suppress_health_check=list(HealthCheck), deadline=None)
@given(PATTERNS, TEXTS)
def test_patterns_mean_what_they_mean_in_python(pattern, texts):
    try:
        by_python = re.compile(pattern)
    except re.error:
        assume(False)
    try:
        ours = python_patterns.Pattern(pattern)
    except ValueError as error:
        assert "want no mixture" in str(error)
        assume(False)
    texts = ["", "\n", *texts]
    assert [ours.fullmatch(text) for text in texts] == [by_python.fullmatch(text) is not None for text in texts]


@pytest.mark.parametrize(
    "pattern",
    [rf"{flag}{atom}" for flag in ("", "(?a)", "(?i)", "(?ai)") for atom in (r"\d", r"\w", r"\s", r"[^\D1]", r"[\W_]")]
    + [f"(?i){atom}" for atom in ("s", "ß", "[k-l]", "[^k]", "İ", "[i]", "Σ", "[ω-ώ]", "[\u1c80-\u1c90]", "[^\u1e9e]")]
    + [".", "(?s).", "[^\\n]", "[\\0-\\x7f]", "(?i)[^Ā-\uffff]"],
)
def test_every_character_is_taken_as_in_python(pattern):
    """All characters at once: where runs of those that Python takes begin and end."""
    flags, atom = re.fullmatch(r"(?s)(\(\?[a-z]+\))?(.*)", pattern).groups()
    every = "".join(map(chr, range(0x110000)))
    by_python = [(run.start(), run.end() - 1) for run in re.finditer(f"{flags or ''}(?:{atom})+", every)]
    tree = python_patterns.parsed(pattern)
    writer = python_patterns._Writer()
    writer.sequence(tree, tree.state.flags, 0)
    (ours,) = writer.sets
    assert list(ours) == by_python


def test_no_character_with_case_is_forgotten():
    cased = {code for _, _, codes in characters._folds(False) for code in codes}
    every = (chr(code) for code in range(0x110000))
    assert {ord(one) for one in every if one.lower() != one or one.upper() != one} <= cased
    beyond = "".join(chr(code) for code in range(characters._KNOWN_END, 0x110000))
    assert re.search(r"\w|\s", beyond) is None


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        (r"(a)\1", "back-reference"),
        (r"(?P<x>a)(?P=x)", "back-reference"),
        (r"(a)?(?(1)b|c)", "conditional"),
        (r"(?=a)b", "look-ahead"),
        (r"(?!a)b", "look-ahead"),
        (r"b(?<=a)", "look-behind"),
        (r"b(?<!a)", "look-behind"),
        (r"(?>a)b", "atomic group"),
        (r"a*+b", "possessive quantifier"),
        (r"(?m:^)a$", "mixture of $"),
        (r"\b(?a:\b)", r"mixture of \b"),
        (r"\b" + "".join(chr(0x4E00 + n) for n in range(100)), r"letters in a pattern with \b"),
        ("(a{1000}){1000}", "1000 characters once all repetitions"),
        ("(((a{10}){10}){10}){10}", "1000 characters once all repetitions"),
        ("(?:(?:)*){1001}", "1000 characters once all repetitions"),
        ("a{5000}", "1000 characters once all repetitions"),
        ("a" * 1001, "at most 1000 characters, not 1001"),
        ("(" * 400 + "a" + ")" * 400, "at most 50 groups"),
        ("((a)" * 30 + ")" * 30, None),
        ("(", "missing )"),
        ("a**", "multiple repeat"),
        ("[b-a]", "bad character range"),
    ],
)
def test_what_is_refused_is_named(pattern, told):
    if told is None:
        assert python_patterns.Pattern(pattern).fullmatch("a" * 30)
    else:
        with pytest.raises(ValueError, match=re.escape(told)):
            python_patterns.Pattern(pattern)


#: With a back-tracking engine each of these takes longer than the universe lasts.
HOSTILE = [
    ("(a+)+b", "a" * 10_000),
    ("(a|aa)+b", "a" * 10_000),
    ("(a|a?)+b", "a" * 10_000),
    ("(.*a){20}b", "a" * 10_000),
    (r"(\w+\s?)*:", "word " * 2_000),
    ("(?i)((ab|ba)*|a*)*c", "abBA" * 2_500),
    ("(x+x+)+y", "x" * 10_000),
    ("(?:a?){400}a{400}b", "a" * 399),
    ("(?:(?:a?){20}b?){20}c", "ab" * 5_000),
]


@pytest.mark.parametrize(("pattern", "text"), HOSTILE)
def test_hostile_patterns_end(pattern, text):
    assert not python_patterns.Pattern(pattern).fullmatch(text)


def test_the_largest_patterns_are_compiled_in_bounded_memory():
    every_range = "(?i)" + "".join(f"[{chr(0x100 + n)}-\uffff]" for n in range(199))
    every_word = "".join(rf"[\w{chr(0x3000 + n)}]?" for n in range(160))
    for pattern in (every_range, every_word, "[^a]" * 250, "(?:[a-f]|é){500}"):
        ours = python_patterns.Pattern(pattern)
        assert len(ours._written) < 50_000 and ours.longest >= python_patterns.WORK // python_patterns.SIZE


def test_python_warns_of_nothing_new():
    """The parser is Python's, and says of strange patterns what ``re.compile`` says."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert python_patterns.Pattern("[[a]").fullmatch("[") is True


def test_compiled_patterns_are_kept_within_a_bound():
    for number in range(300):
        assert python_patterns.compiled(f"a{number}").fullmatch(f"a{number}")
    assert python_patterns.compiled.cache_info().currsize <= 256
    assert regex._compiled.cache_info().currsize <= 256
