"""Say where the array of a format is in its document, and what else of the document is read."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from analyzer.model import CaptureError


class Inner(NamedTuple):
    """An array within each element, by its key: too long in some elements to be decoded with them."""

    key: str
    shape: type[Any]


class Layout(NamedTuple):
    """Where a format has its array, and what else of the document is read.

    path: the keys that lead to the array. None: the document is the array, or holds one value per line.
    label: what such a file is, as in "this is JSON, but not a NetLog".
    advice: what to do with a file that is something else.
    elements: what the elements are called in sentences.
    members: of the object around the array, which are kept, and up to how many bytes; the others are passed over.
    inner: an array within each element.
    texts: keys whose values are long strings that nobody reads: these are cut out of a large document.
    common: a key that each element has, so that none hides in a text that is cut out.
    """

    path: tuple[str, ...]
    label: str
    advice: str
    elements: str = "elements"
    members: Mapping[str, int] = MappingProxyType({})
    inner: Inner | None = None
    texts: tuple[str, ...] = ()
    common: str = ""

    @property
    def pointer(self) -> str:
        """The JSON Pointer of the array."""
        return pointer_of(self.path)


class NoElement(CaptureError):  # noqa: N818 - a kind of CaptureError
    """Nothing could be read before this: the file may be of another kind."""


def pointer_of(path: tuple[str, ...]) -> str:
    """Write a path of keys as a JSON Pointer."""
    return "".join(f"/{key}" for key in path)
