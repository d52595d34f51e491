"""The operations of the service's own resources."""

from dynmodel_pyramid.web.openapi.operations import Described

OF_SERVICE: dict[str, Described] = {}
