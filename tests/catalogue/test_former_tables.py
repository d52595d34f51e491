"""What a type says of a column decides whether a table is taken over; tests/rows tries the types that are installed."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from dynmodel_pyramid.catalogue.former_tables import is_made_alike


class Unknown(sa.types.TypeDecorator):
    """A type that does not say what it depends on."""

    impl = sa.String
    cache_ok = None


MADE = {
    "the same column": (lambda options: sa.Column(sa.String()), True),
    "another type": (lambda options: sa.Column(sa.String(options["max_length"])), False),
    "what the type noted": (lambda options: sa.Column(sa.String(), info={"most": options["max_length"]}), False),
    "an expression": (lambda options: sa.Column(sa.String(), sa.Computed(f"x{options['max_length']}")), False),
    "a default": (lambda options: sa.Column(sa.String(), server_default=f"{options['max_length']}"), False),
    "a type that tells nothing": (lambda options: sa.Column(Unknown()), False),
    "no column": (lambda options: None, True),
    "a column from now on": (lambda options: sa.Column(sa.String()) if options["max_length"] == 7 else None, False),
}


@pytest.mark.parametrize("case", MADE)
def test_a_table_is_the_same_where_its_columns_are(app, catalogue, case):
    app.post_json("/table/", {"model_name": "T", "fields": {"name": {"type": "string", "max_length": 5}}}, status=201)
    make, is_alike = MADE[case]

    def column(field):
        made = make(field.options)
        if made is not None:
            made.name, made.key = field.column, field.name
        return made

    app.get("/table/1/")
    former = catalogue.snapshot.by_id(1).definition
    [field] = former.fields
    definition = replace(former, fields=(replace(field, options={**field.options, "max_length": 7}),))
    made = column(field)
    table = sa.Table("T", sa.MetaData(), *([] if made is None else [made]))
    assert is_made_alike(former, definition, table, column) is is_alike
