"""A field of a message, and a translation to convert it in."""

from typing import Any

import pytest

from gateway.core.submission import Sender
from gateway.parse.hl7v2 import parse, reader
from gateway.translate.converter import converter_named
from gateway.translate.mapping import installed
from gateway.translate.translation import Translation


class Bench:
    """Converts what stands in one field."""

    def __init__(self) -> None:
        self.issues: list[str] = []
        self.unread: list[str] = []

    def convert(self, name: str, sent: str, *, zone: str = "", **arguments: Any) -> Any:
        """Run a converter over a field; what it did not read and what it said stay for the test."""
        header = "MSH|^~\\&|A|B|||20260302||ADT^A08|1|P|2.5.1"
        [message] = parse(f"{header}\rZZZ|{sent}".encode())
        translation = Translation(message, installed("hl7v2", reader), sender=Sender("clinic", zone), scope="clinic")
        [part] = reader("ZZZ-1")(message.root)
        found = converter_named(name, "hl7v2")
        assert found is not None
        made = found(part, translation, **arguments)
        self.issues = [issue.code for issue in translation.issues]
        read = set(message.touched)
        self.unread = [location for key, location, *_ in message.leaves() if key not in read and "ZZZ" in location]
        return made


@pytest.fixture
def bench() -> Bench:
    return Bench()
