"""What `python -m gateway convert` prints: one JSON object a file, whatever the file is."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from gateway import pipeline
from gateway.core import fhirjson
from gateway.core.errors import IntakeError
from gateway.core.outcome import Outcome, operation_outcome, outcome_of
from gateway.core.submission import Sender


class UnreadableFileError(IntakeError):
    """The file cannot be read."""


def lines(files: Iterable[str], sender: Sender) -> Iterator[bytes]:
    """One line a file, in order."""
    for file in files:
        try:
            body = Path(file).read_bytes()
        except OSError:
            yield fhirjson.write(_line(file, Outcome("unknown", None, (), (), UnreadableFileError())))
            continue
        yield fhirjson.write(_line(file, pipeline.process(body, sender=sender)))


def _line(file: str, outcome: Outcome) -> dict[str, Any]:
    return {
        "file": file,
        "kind": outcome.kind,
        "bundle": outcome.bundle,
        "issues": operation_outcome(outcome.issues)["issue"] if outcome.issues else [],
        "ledger": [entry.to_json() for entry in outcome.ledger],
        "error": outcome_of(outcome.error) if outcome.error else None,
    }
