"""Numbers with a check digit, judged by the package python-stdnum."""

import colander
import sqlalchemy as sa
from stdnum import iban, isbn, issn, lei
from stdnum.exceptions import ValidationError

from dynmodel_pyramid.fields import FieldInvalid, FieldType, byte_order, operators, schema

KINDS = {"iban": iban, "isbn": isbn, "issn": issn, "lei": lei}


class StandardNumber(FieldType):
    """A number of books, journals, accounts or companies whose check digit is right; kept without its separators."""

    operators = operators.ORDERED

    def options_schema(self):
        kind = schema.option(schema.Text(), "kind", default="isbn", validator=colander.OneOf(list(KINDS)))
        return colander.SchemaNode(colander.Mapping(unknown="raise"), kind)

    def column(self, options, context):
        return sa.Column(byte_order())

    def schema_node(self, options):
        return colander.SchemaNode(_Number(), kind=KINDS[options["kind"]])


class _Number(schema.Text):
    def check(self, node, value):
        try:
            if len(value) > 50 or not value.isascii():
                raise ValidationError("want at most 50 digits, letters and separators")
            return node.kind.validate(value)
        except ValidationError as error:
            raise FieldInvalid(node, str(error), code="invalid_format", value=value) from None
