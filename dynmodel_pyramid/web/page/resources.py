"""The part of the tree below ``/ui/``.

The page's own routes are paths below ``/ui/``, which the page reads by itself: each is answered with the same document.
Only ``/ui/static/`` has files.
"""

from collections.abc import Mapping

from dynmodel_pyramid.web.http.tree import Resource
from dynmodel_pyramid.web.page.assets import Asset, Assets


class PageDocument(Resource):
    """The document, at ``/ui/`` and at each path of the page below it."""

    def __init__(self, parent: Resource, name: str, assets: Assets) -> None:
        super().__init__(parent, name)
        self.assets = assets

    def __getitem__(self, segment: str) -> Resource:
        if segment == "static" and self.__name__ == "ui":
            return PageFiles(self, segment)
        return PageDocument(self, segment, self.assets)


class PageFiles(Resource):
    """Where the files are, by the hash of all of them; ``types/`` has the modules of field types."""

    def __getitem__(self, segment: str) -> Resource:
        assets = self.__parent__.assets
        if segment == "types":
            return PageFolder(self, segment, assets.editors(), "")
        current = assets.current
        if segment != current.hash:
            raise KeyError(segment)
        return PageFolder(self, segment, current.files, "")


class PageFolder(Resource):
    """A folder of files; it has no address of its own.

    :param path: its path with a slash at the end
    """

    def __init__(self, parent: Resource, name: str, files: Mapping[str, Asset], path: str) -> None:
        super().__init__(parent, name)
        self._files, self._path = files, path

    def __getitem__(self, segment: str) -> Resource:
        path = self._path + segment
        asset = self._files.get(path)
        if asset is not None:
            return PageFile(self, segment, asset)
        if not any(name.startswith(f"{path}/") for name in self._files):
            raise KeyError(segment)
        return PageFolder(self, segment, self._files, f"{path}/")


class PageFile(Resource):
    """A file."""

    def __init__(self, parent: Resource, name: str, asset: Asset) -> None:
        super().__init__(parent, name)
        self.asset = asset
