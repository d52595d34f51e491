"""Collects the parts of a query by relation, while the query is read."""

from dynmodel_pyramid.queries.grammar.syntax import Filter, Level, OrderTerm, Path


class Levels:
    """A level for each path, in the order in which the query first mentions them."""

    def __init__(self) -> None:
        self._filters: dict[Path, list[Filter]] = {}
        self._having: dict[Path, tuple[Filter, ...]] = {}
        self._order: dict[Path, tuple[OrderTerm, ...]] = {}
        self._limit: dict[Path, int] = {}
        self._offset: dict[Path, int] = {}
        self._paths: dict[Path, None] = {}

    def add_filter(self, path: Path, item: Filter) -> None:
        self._paths[path] = None
        self._filters.setdefault(path, []).append(item)

    def set_having(self, path: Path, items: tuple[Filter, ...]) -> None:
        self._paths[path] = None
        self._having[path] = items

    def set_order(self, path: Path, terms: tuple[OrderTerm, ...]) -> None:
        self._paths[path] = None
        self._order[path] = terms

    def set_limit(self, path: Path, limit: int) -> None:
        self._paths[path] = None
        self._limit[path] = limit

    def set_offset(self, path: Path, offset: int) -> None:
        if offset:
            self._paths[path] = None
            self._offset[path] = offset

    def collected(self) -> tuple[Level, ...]:
        return tuple(
            Level(
                path,
                tuple(self._filters.get(path, ())),
                self._order.get(path, ()),
                self._limit.get(path),
                self._offset.get(path, 0),
                self._having.get(path, ()),
            )
            for path in self._paths
        )
