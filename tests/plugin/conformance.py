"""The plugin's own test, as its author writes it; tests/test_plugins.py runs it where the plugin is installed."""

from dynmodel_pyramid.testing import Case, FieldTypeConformance


class TestColour(FieldTypeConformance):
    type_name = "colour"
    cases = [
        Case(
            valid=["#00ff80", ("#FFFFFF", "#ffffff")],
            invalid=[("red", "invalid_format"), ("#00ff8080", "invalid_format"), (255, "wrong_type")],
            texts={" #ABCDEF ": "#abcdef"},
        ),
        Case(options={"alpha": True}, valid=["#00ff80", "#00ff8080"], invalid=[("#0000000", "invalid_format")]),
    ]
