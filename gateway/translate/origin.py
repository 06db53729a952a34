"""Where resources come from: the original as a DocumentReference, and one Provenance over all that was made of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from gateway.core.clock import instant
from gateway.core.ledger import State
from gateway.core.outcome import BASE
from gateway.translate import mapping
from gateway.translate.translation import INFORMANT, Translation

SOURCE_VALUE: Final = f"{BASE}/StructureDefinition/so-source-value"
KIND: Final = f"{BASE}/CodeSystem/so-source-format"
ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
AGENT: Final = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
US_CORE_AGENT: Final = "http://hl7.org/fhir/us/core/CodeSystem/us-core-provenance-participant-type"
# Leaves that no element holds: their values stay readable on the Provenance. Lengths are bounded, the original has all.
_HOMELESS: Final = (State.UNMAPPED, State.FAILED)
_LONGEST: Final = 4_000


@dataclass(frozen=True, slots=True)
class Origin:
    """The submission as it was sent: its id, the hash and size of its bytes, what it turned out to be."""

    id: str
    sha256: str
    size: int
    media_type: str
    part: int = 0  # which record of a batch or a sheet


def with_origin(translation: Translation, origin: Origin, received: datetime | None) -> None:
    """Add the DocumentReference of the original and the Provenance of everything made from it."""
    made = [one for one in translation.resources if one["resourceType"] != "Provenance"]
    if not made:
        return
    document = translation.add(
        _document(translation, origin, received), identity=("original", origin.sha256, str(origin.part))
    )
    translation.add(
        _provenance(translation, origin, made, document, received), identity=("of", origin.sha256, str(origin.part))
    )


def _document(translation: Translation, origin: Origin, received: datetime | None) -> dict[str, Any]:
    document: dict[str, Any] = {
        "resourceType": "DocumentReference",
        "identifier": [{"system": f"{BASE}/sid/submission", "value": origin.id}],
        "status": "current",
        "type": {
            "text": "Original submission",
            "coding": [{"system": KIND, "code": translation.record.kind.partition(":")[0]}],
        },
        "description": "The submission as it was received, byte for byte",
        "content": [
            {
                "attachment": {
                    "contentType": origin.media_type,
                    "url": f"Binary/{origin.id}",
                    "size": origin.size,
                }
            }
        ],
    }
    if translation.patient is not None:
        document["subject"] = {"reference": f"Patient/{translation.patient['id']}"}
    if received is not None:
        document["date"] = instant(received)
    return document


def _provenance(
    translation: Translation,
    origin: Origin,
    made: list[dict[str, Any]],
    document: dict[str, Any],
    received: datetime | None,
) -> dict[str, Any]:
    provenance: dict[str, Any] = {
        "resourceType": "Provenance",
        "target": [{"reference": f"{one['resourceType']}/{one['id']}"} for one in made],
        "agent": list(_agents(translation)),
        "entity": [{"role": "source", "what": document}],
    }
    if received is not None:
        provenance["recorded"] = instant(received)
    else:
        provenance["_recorded"] = {"extension": [{"url": ABSENT, "valueCode": "unknown"}]}
    if kept := _homeless(translation):
        provenance["extension"] = kept
    return provenance


def _agents(translation: Translation) -> Iterator[dict[str, Any]]:
    """The clinic that sent it, where one is known, who told it, and the map that it was put into FHIR by."""
    if clinic := translation.sender.clinic:
        who = {"identifier": {"system": f"{BASE}/sid/clinic", "value": clinic}}
        yield {"type": {"coding": [{"system": US_CORE_AGENT, "code": "transmitter"}]}, "who": who}
    if informant := translation.memory.get(INFORMANT):
        yield {"type": {"coding": [{"system": AGENT, "code": "informant"}]}, "who": informant}
    yield {
        "type": {"coding": [{"system": AGENT, "code": "assembler"}]},
        "who": {"display": f"Gateway, mapping {mapping.version(translation.sender)}"},
    }


def _homeless(translation: Translation) -> list[dict[str, Any]]:
    record = translation.record
    return [
        {
            "url": SOURCE_VALUE,
            "extension": [
                {"url": "location", "valueString": record.locate(key)},
                {"url": "value", "valueString": value[:_LONGEST]},
            ],
        }
        for key in translation.ledger.standing(record.leaf_keys(), *_HOMELESS)
        if (value := _readable(record.value(key)))
    ]


def _readable(value: str) -> str:
    """A FHIR string has no control characters and is not blank."""
    if not value.isprintable():
        value = "".join(one for one in value if one >= " " or one in "\t\n")
    return value.strip()
