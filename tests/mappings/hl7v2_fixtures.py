"""Our messages through the corridor: the outcome, and the resources of a type in it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway.core.outcome import Outcome
from gateway.core.submission import Sender
from gateway.pipeline import process

FOLDER = Path(__file__).resolve().parents[1] / "fixtures" / "hl7v2"


def outcome(name: str, *changes: tuple[str, str], **policies: str) -> Outcome:
    """What becomes of a message of ours, after some changes to its text, under policies agreed with its sender."""
    text = (FOLDER / f"{name}.hl7").read_bytes().decode()
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after)
    return process(text.encode(), sender=Sender(policies=policies))


def resources(found: Outcome, type: str) -> list[dict[str, Any]]:
    """The resources of one type, in order."""
    assert found.bundle is not None
    entries = [entry["resource"] for entry in found.bundle["entry"]]
    return [one for one in entries if one["resourceType"] == type]


def only(found: Outcome, type: str) -> dict[str, Any]:
    """The one resource of a type."""
    [one] = resources(found, type)
    return one


def codes(concept: dict[str, Any]) -> list[tuple[str, str]]:
    """The last part of the system and the code of each coding."""
    return [(one.get("system", "").rpartition("/")[2], one["code"]) for one in concept.get("coding", [])]


def states(found: Outcome) -> dict[str, str]:
    """The state of each leaf by its locator."""
    return {entry.location: entry.state.value for entry in found.ledger}


def references(node: Any) -> Iterator[str]:
    """All references below a node."""
    if isinstance(node, dict):
        if isinstance(node.get("reference"), str):
            yield node["reference"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)
