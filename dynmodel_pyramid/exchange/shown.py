"""What a writer of rows gets to know of them."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.exchange.contents import NO_PARAMETERS, Parameters
from dynmodel_pyramid.exchange.outgoing import Texts, fields_of, texts_of
from dynmodel_pyramid.fields import FieldType
from dynmodel_pyramid.fields.contract import Options
from dynmodel_pyramid.queries.grammar.syntax import SelectItem, Star


class ShownField(NamedTuple):
    """
    :param name: the field type's name
    """

    name: str
    type: FieldType
    options: Options


class Shown:
    """The names of a list's values, and what is known of these; what costs time is made when it is asked for.

    :param names: each row has a value for each name, in this order
    :param title: the table's name
    :param parameters: those of the media type that the client accepts, of :attr:`Format.parameters`
    """

    def __init__(
        self,
        names: Sequence[str],
        model: Model,
        select: Sequence[SelectItem] = (Star(),),
        parameters: Parameters = NO_PARAMETERS,
    ) -> None:
        self.names, self.parameters, self.title = names, parameters, model.definition.model_name
        self._model, self._select = model, select

    @cached_property
    def texts(self) -> Texts:
        """The makers of text forms, of the JSON texts of values, by name."""
        return texts_of(self._model, self._select)

    @cached_property
    def fields(self) -> Mapping[str, ShownField]:
        """The field of each name that stands for one as it is: no cast, no path, no embedded row, nor ``id``."""
        types = self._model.field_types
        return {
            name: ShownField(field.type, types[field.type], field.options)
            for name, field in fields_of(self._model, self._select).items()
        }
