"""A package as a record: its cover, which says what each document is, and the documents that nobody here reads."""

import hashlib
import re
from base64 import b64encode
from typing import Any, Final

from gateway.core.errors import DocumentDiffersError, MalformedMessageError
from gateway.core.issue import Issue, Severity
from gateway.parse.placed import Placed, Said
from gateway.parse.xdm import metadata
from gateway.parse.xdm.archive import Entry, unpack

_METADATA: Final = "METADATA.XML"
_LAYOUT: Final = frozenset({"INDEX.HTM", "README.TXT"})  # at the root of an XDM medium, for people
_HIDDEN: Final = re.compile(r"(?:^|/)(?:__MACOSX/|\.DS_Store$|Thumbs\.db$|desktop\.ini$)", re.IGNORECASE)
_PLAIN_PATH: Final = re.compile(r"[A-Za-z0-9_-]+(?:[./][A-Za-z0-9_-]+)*", re.ASCII)
_LONGEST_PATH: Final = 100
_KINDS: Final = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"{\\rtf", "application/rtf"),
)
_DICOM: Final = (128, b"DICM")


class Package(Placed):
    """The cover of a package; `entries` are its documents, in its order."""

    def __init__(self, body: dict[str, Any], entries: list[Entry], places: dict[str, str], issues: list[Issue]) -> None:
        super().__init__("xdm:SubmissionSet" if body["sets"] or body["documents"] else "xdm:documents", body, issues)
        self.entries = entries
        self._places = places

    @property
    def place(self) -> str:
        """The cover among the records of its package."""
        return "package"

    def place_of(self, entry: Entry) -> str:
        """How an entry is called in locators: by its path, unless that could hold more than a name of a file."""
        return self._places[entry.path]

    def keep(self, entry: Entry) -> None:
        """Take in a document that nobody here reads, with its bytes."""
        place = self.place_of(entry)
        self.issues.append(Issue(Severity.INFORMATION, "document-kept", location=place))
        content = {"data": Said(b64encode(entry.body).decode("ascii"), place), "contentType": _kind(entry.body)}
        for document in self.body["documents"]:
            if document.get("path") == entry.path:
                document["content"] = content
                return
        title = entry.path.rpartition("/")[2]
        self.body["documents"].append({"path": entry.path, "name": Said(title, f"{place} name"), "content": content})

    def leaves(self) -> Any:
        """Every leaf of the metadata, and each document that is kept as one; our own notes are none."""
        return (leaf for leaf in super().leaves() if isinstance(self.found(leaf[0]), Said))


def parse(body: bytes) -> list[Package]:
    """Open a package. Raises ParseError, TooLargeError."""
    entries = [one for one in unpack(body) if one.body]
    places = {one.path: _place(one.path, number) for number, one in enumerate(entries, 1)}
    cover: dict[str, Any] = {"documents": [], "sets": [], "structure": [], "layout": []}
    issues: list[Issue] = []
    documents = []
    for entry in entries:
        name = entry.path.rpartition("/")[2].upper()
        if name == _METADATA:
            said = metadata.read(entry.body, places[entry.path], issues)
            for document in said["documents"]:
                document["folder"] = entry.path[: -len(_METADATA)]
            _merge(cover, said)
        elif entry.path.upper() in _LAYOUT or _HIDDEN.search(entry.path):
            cover["layout"].append(Said(name, places[entry.path]))
        else:
            documents.append(entry)
    if not documents:
        raise MalformedMessageError("package")
    package = Package(cover, documents, places, issues)
    _compare(package)
    return [package]


def _merge(cover: dict[str, Any], found: dict[str, Any]) -> None:
    for name, several in found.items():
        cover[name] += several


def _compare(package: Package) -> None:
    """Find the entry of each document that the metadata names, and hold its hash and size against the bytes.

    Raises DocumentDiffersError: what was packed is not what was described, and nobody here knows which is meant.
    """
    by_path = {one.path.upper(): one for one in package.entries}
    for document in package.body["documents"]:
        slots = document.get("slots", {})
        uri = next(iter(slots.get("URI", ())), "")
        entry = by_path.get(f"{document['folder']}{uri}".upper())
        if entry is None:
            place = uri.place if isinstance(uri, Said) else "package"
            package.issues.append(Issue(Severity.WARNING, "document-missing", location=place))
            continue
        document["path"] = entry.path
        sha1 = hashlib.sha1(entry.body, usedforsecurity=False).hexdigest()
        for name, is_so in (("hash", sha1), ("size", str(len(entry.body)))):
            said = next(iter(slots.get(name, ())), None)
            if said is not None and said.lower() != is_so:
                raise DocumentDiffersError(said.place)


def _place(path: str, number: int) -> str:
    plain = len(path) <= _LONGEST_PATH and _PLAIN_PATH.fullmatch(path)
    return path if plain else f"entry {number}"


def _kind(body: bytes) -> str:
    """The media type by how the content begins; nothing is guessed of what begins otherwise."""
    at, mark = _DICOM
    if body[at : at + len(mark)] == mark:
        return "application/dicom"
    return next((kind for start, kind in _KINDS if body.startswith(start)), "application/octet-stream")
