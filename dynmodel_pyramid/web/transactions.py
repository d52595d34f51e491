"""The tweens and the hook under the names that INI files give them (docs/serving.md, docs/embedding.md)."""

from dynmodel_pyramid.web.http.transactions import attempts_tween_factory, confirmation_tween_factory, writes

__all__ = ["attempts_tween_factory", "confirmation_tween_factory", "writes"]
