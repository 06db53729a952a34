"""The FHIR interoperability gateway of a second-opinion service. Public face: convert, validate, __version__."""

from collections.abc import Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gateway.core.issue import Issue
    from gateway.core.outcome import Outcome
    from gateway.translate.sender import Senders

__version__ = "0.1.0"
__all__ = ["Converted", "__version__", "convert", "validate"]


class Converted:
    """What became of one submission."""

    def __init__(self, outcome: "Outcome") -> None:
        self._outcome = outcome
        self.kind = outcome.kind
        self.bundle = outcome.bundle
        self.issues = outcome.issues
        self.ledger = outcome.ledger

    def to_json(self) -> bytes:
        """The bundle as JSON bytes, decimals as they were sent; `null` when nothing could be made."""
        from gateway.core import fhirjson

        return fhirjson.write(self.bundle)

    @cached_property
    def error(self) -> dict[str, Any] | None:
        """What stopped it, as an OperationOutcome."""
        from gateway.core.outcome import outcome_of

        return outcome_of(self._outcome.error) if self._outcome.error else None


def convert(body: bytes, *, media_type: str | None = None, sender: str | None = None) -> Converted:
    """Translate one submission, whatever its format; `sender` is a clinic's id, with what is agreed with it.

    Bad input gives its `error`.

    This is the translation alone; `validate` judges what came out, and the running gateway does both.
    """
    from gateway import pipeline
    from gateway.core.submission import Sender
    from gateway.parse.hl7v2 import sending

    who = _senders().find(sender, *sending(body)) if sender else Sender()
    return Converted(pipeline.process(body, media_type=media_type, sender=who, judge=False))


@cache
def _senders() -> "Senders":
    from gateway import pipeline
    from gateway.settings import read_settings

    return pipeline.open_senders(read_settings().senders)


def validate(resource: dict[str, Any], *, profiles: Sequence[str] = ()) -> "list[Issue]":
    """Judge one FHIR resource; without an issue of severity error it is valid."""
    from importlib import import_module

    judged: list[Issue] = import_module("gateway.validate").validate(resource, profiles=profiles)
    return judged
