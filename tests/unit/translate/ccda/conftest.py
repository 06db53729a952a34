"""An element of a document, and a translation to convert it in."""

from typing import Any

import pytest

from gateway.core.submission import Sender
from gateway.parse.ccda import parse, reader
from gateway.translate.converter import converter_named, step_named
from gateway.translate.mapping import installed
from gateway.translate.translation import Translation

HEAD = (
    '<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:sdtc="urn:hl7-org:sdtc" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
)


class Bench:
    """Converts one element that stands in a document."""

    def __init__(self) -> None:
        self.issues: list[str] = []
        self.unread: list[str] = []

    def convert(self, name: str, sent: str, *, beside: str = "", zone: str = "", **arguments: Any) -> Any:
        """Run a converter over an element; what it did not read and what it said stay for the test."""
        node, translation = self._ready(sent, beside, zone)
        found = converter_named(name, "ccda")
        assert found is not None
        made = found(node, translation, **arguments)
        self._account(translation, node)
        return made

    def step(self, name: str, sent: str, resource: dict[str, Any], **arguments: Any) -> dict[str, Any]:
        """Run a step over an element into a resource."""
        node, translation = self._ready(sent, "", "")
        found = step_named(name, "ccda")
        assert found is not None
        found(node, translation, resource, **arguments)
        self._account(translation, node)
        return resource

    def _ready(self, sent: str, beside: str, zone: str) -> tuple[Any, Translation]:
        [record] = parse(f"{HEAD}{sent}{beside}</ClinicalDocument>".encode())
        translation = Translation(record, installed("ccda", reader), sender=Sender("clinic", zone), scope="clinic")
        return record.root.children()[0], translation

    def _account(self, translation: Translation, node: Any) -> None:
        self.issues = [issue.code for issue in translation.issues]
        read = set(translation.record.touched)
        left = set(node.keys()) - read
        self.unread = [place.rpartition("@")[2] for key, place, *_ in translation.record.leaves() if key in left]


@pytest.fixture
def bench() -> Bench:
    return Bench()
