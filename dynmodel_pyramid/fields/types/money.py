"""Amounts of money."""

from typing import Any

import colander

from dynmodel_pyramid.fields import schema
from dynmodel_pyramid.fields.contract import Options
from dynmodel_pyramid.fields.types.decimals import Decimal


def _currency(code: str) -> Any:
    """-> the iso4217.Currency of a code; ValueError if there is none."""
    import iso4217  # here, because it reads a file of all currencies: a tenth of a second at each start

    return iso4217.Currency(code)


class _Code(schema.Text):
    wanted = "a currency's code"

    def check(self, node: colander.SchemaNode, value: Any) -> Any:
        try:
            return _currency(value).code
        except ValueError:
            raise schema.invalid(node, "want a code of ISO 4217, such as EUR", "invalid_option") from None


class Currency(Decimal):
    """An amount of money in a string, such as "19.90"; exact, with the minor units of its currency."""

    icon = "money"
    help = "An amount of money, exact to the last digit"
    other_names: tuple[str, ...] = ("money", "price")

    def options_schema(self) -> colander.SchemaNode:
        node = super().options_schema()
        node.add(schema.option(_Code(), "currency", description="the code of ISO 4217, such as EUR"))
        node["scale"].missing = None
        node["scale"].description = "digits after the point; by default those of the currency, 2 without one"
        node.preparer = _with_scale
        return node


def _with_scale(options: Options) -> Options:
    """The full form has the scale, which decides how values are stored: a later ISO 4217 must not change it."""
    if options["scale"] is not None:
        return options
    # Gold, testing codes and the like have no minor unit: exponent None.
    exponent = None if options["currency"] is None else _currency(options["currency"]).exponent
    return {**options, "scale": 2 if exponent is None else exponent}
