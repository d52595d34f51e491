"""Requests get their properties (``config.add_request_method(..., property=True)``) from one class for all.

Pyramid makes a class for each request (``pyramid.util.InstancePropertyHelper.apply_properties``), with one property in
it, ``request.tm`` of pyramid_tm: 70 us of a request of 200 us.
"""

from typing import Any

from pyramid.interfaces import IRequestExtensions
from pyramid.registry import Registry
from pyramid.util import InstancePropertyHelper

#: Classes of requests that are known; there are one or two, but a request may have a class of its own.
MOST = 20


class RequestClasses:
    """Gives each class of requests, of the application's factory or of a subrequest, its subclass with the properties.

    It takes the place of a method among the extensions of requests: Pyramid asks it, as it asks a function, for the
    attribute of one request, and sets it. The attribute is ``__class__``.
    """

    def __init__(self, properties: dict[str, Any]) -> None:
        self._properties = properties
        self._made: dict[type, type] = {}

    def __get__(self, request: Any, kind: type) -> type:
        made = self._made.get(kind)
        return self._make(kind) if made is None else made

    def _make(self, kind: type) -> type:
        sample: Any = object.__new__(kind)
        InstancePropertyHelper.apply_properties(sample, self._properties)
        made: type = sample.__class__
        if len(self._made) < MOST:
            # A request whose extensions are applied once more stays what it is.
            self._made |= {kind: made, made: made}
        return made


def share_request_classes(registry: Registry) -> None:
    """Call it when all extensions of requests are known; properties that are added later are applied as before."""
    extensions = registry.queryUtility(IRequestExtensions)
    if extensions is not None and extensions.descriptors:
        classes = RequestClasses(dict(extensions.descriptors))
        extensions.descriptors.clear()
        extensions.methods["__class__"] = classes
