"""Telephone numbers."""

import re
from collections.abc import Callable
from types import ModuleType
from typing import Any

import colander

from dynmodel_pyramid.fields import schema
from dynmodel_pyramid.fields.contract import Options
from dynmodel_pyramid.fields.extras import require
from dynmodel_pyramid.fields.types.formats import Formatted

_REGION = re.compile("[A-Z]{2}")
# The library finds numbers in any text and drops the rest; a value must be a number and nothing else.
_WRITTEN = re.compile("[+0-9(][0-9 ()./-]*")


def _library() -> ModuleType:
    return require("phonenumbers", "phone")


class Phone(Formatted):
    """A telephone number, answered as E.164 has it: ``+442079460123``; needs the extra ``phone``."""

    icon = "phone"
    help = "A telephone number"
    other_names: tuple[str, ...] = ("telephone", "tel", "phone_number")

    wanted = "a telephone number in a string"
    longest = 40

    def options_schema(self) -> colander.SchemaNode:
        return colander.SchemaNode(
            colander.Mapping(unknown="raise"),
            schema.option(
                schema.Text(),
                "region",
                description="the country (ISO 3166-1, such as GB) of numbers without +; null: they are refused",
                validator=_check_region,
            ),
        )

    def parser(self, options: Options) -> Callable[[str], Any]:
        library, region = _library(), options["region"]
        wanted = "want a number that begins with + and the country's code, such as +442079460123"
        if region is not None:
            wanted = f"want a telephone number as it is dialled in {region}, or one that begins with +"

        def read(text: str) -> str:
            if not _WRITTEN.fullmatch(text):
                raise ValueError(wanted)
            try:
                number = library.parse(text, region)
            except library.NumberParseException:
                raise ValueError(wanted) from None
            if not library.is_valid_number(number):
                raise ValueError("there is no such telephone number: its code or length is wrong")
            return library.format_number(number, library.PhoneNumberFormat.E164)

        return read

    def json_schema(self, options: Options) -> dict[str, Any]:
        # Without E.164's limit of 15 digits: some countries have longer numbers.
        return {"type": "string", "pattern": r"^\+[1-9][0-9]+$"}


def _check_region(node: colander.SchemaNode, value: Any) -> None:
    if not _REGION.fullmatch(value) or value not in _library().SUPPORTED_REGIONS:
        raise schema.invalid(node, "want the code of a country in ISO 3166-1, such as GB", "invalid_option", value)
