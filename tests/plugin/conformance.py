"""The plugin's own test, as its author writes it; tests/test_plugins.py runs it where the plugin is installed."""

from hypothesis import strategies as st

from dynmodel_pyramid.testing import Case, FieldTypeConformance


class TestChessSquare(FieldTypeConformance):
    type_name = "chess_square"
    cases = [
        Case(
            valid=["e4", ("A1", "a1")],
            invalid=[("e9", "invalid_format"), ("i1", "invalid_format"), (44, "wrong_type")],
            texts={" E4 ": "e4"},
            strategy=st.from_regex(r"[a-h][1-8]", fullmatch=True),
        ),
        Case(options={"size": 9}, valid=["e4", "i9"], invalid=[("j1", "invalid_format")]),
    ]
