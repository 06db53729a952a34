"""The document as a whole: its header, who took part, what its statements say of one another."""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator
from typing import Any, Final

from gateway.core.errors import MultiPatientError
from gateway.core.issue import Severity
from gateway.core.ledger import State
from gateway.translate.ccda import identifiers
from gateway.translate.ccda.codes import codeable_concept, coding
from gateway.translate.ccda.element import Element
from gateway.translate.ccda.elements import ABSENT, absent
from gateway.translate.ccda.participants import is_patient, participant, role_of
from gateway.translate.ccda.people import address, contact_point, human_name
from gateway.translate.ccda.statements import by_id, made_of, tie
from gateway.translate.ccda.times import moment
from gateway.translate.converter import NotConvertedError, converter, step
from gateway.translate.translation import Reference, Resource, Translation

_AGENTS: Final = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
_TRANSMITTER: Final = "http://hl7.org/fhir/us/core/CodeSystem/us-core-provenance-participant-type"
_ACT_CODE: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_ACT_CODE_OID: Final = "2.16.840.1.113883.5.4"
_RELATIVES: Final = frozenset({"PRS", "NOK", "CAREGIVER", "AGNT", "GUAR", "ECON"})
_CONTACTS: Final = frozenset({"NOK", "ECON"})
_CONFIDENTIALITY: Final = frozenset("U L M N R V".split())


@step("one_patient", "ccda")
def one_patient(node: Element, translation: Translation, resource: Resource) -> None:
    """Refuse a document about several people."""
    if len(node.children("recordTarget")) > 1:
        raise MultiPatientError


@converter("confidentiality", "ccda")
def confidentiality(node: Any, translation: Translation) -> str | None:
    """The document's confidentiality."""
    sent: str = node.text
    if sent not in _CONFIDENTIALITY:
        raise NotConvertedError("code-unknown")
    return sent


@converter("language", "ccda")
def language(node: Any, translation: Translation) -> str:
    """A language tag."""
    return str(node.text).strip().replace("_", "-")


@converter("device_name", "ccda")
def device_name(node: Element, translation: Translation) -> dict[str, str] | None:
    """What a program is called."""
    words = node.words()
    return {"name": words, "type": "model-name"} if words else None


@converter("attachment", "ccda")
def attachment(node: Element, translation: Translation) -> dict[str, Any] | None:
    """A file inside the document, or the address of one."""
    made: dict[str, Any] = {}
    if sent := node.read("mediaType"):
        made["contentType"] = sent
    body = "".join(node.words().split())
    if body and node.read("representation") == "B64":
        try:
            made["size"] = len(b64decode(body, validate=True))
            made["data"] = body
        except (Base64Error, ValueError):
            translation.warn("value-unreadable", node=node, state=State.TEXT)
            made["title"] = "An embedded file that cannot be read; the original has it"
    elif body:
        made["title"] = body[:1000]
    for reference in node.children("reference"):
        if sent := reference.read("value"):
            made["url"] = sent
    return made or None


@converter("encounter_status", "ccda")
def encounter_status(node: Element, translation: Translation) -> str | None:
    """An encounter whose end is told is finished; of any other we do not know."""
    high = node.first("high")
    return "finished" if high is not None and high.look("value") else None


@converter("encounter_class", "ccda")
def encounter_class(node: Element, translation: Translation) -> dict[str, Any] | None:
    """The class of an encounter, where its code or a translation is one of HL7's."""
    for one in (node, *node.children("translation")):
        if one.look("codeSystem") == _ACT_CODE_OID and one.look("code"):
            return coding(one, translation)
    return None


@step("class_or", "ccda")
def class_or(node: Element, translation: Translation, resource: Resource) -> None:
    """An encounter without a class says so."""
    resource.setdefault("class", absent())


@step("participants", "ccda")
def participants(node: Element, translation: Translation, resource: Resource) -> None:
    """Everybody whom the header names beside the authors: relatives, informants, those who typed and those who sent."""
    agents = translation.memory.setdefault("agents", [])
    for name, code in (("author", "author"), ("dataEnterer", "enterer"), ("informant", "informant")):
        for one in node.children(name):
            _agent(agents, participant(one, translation), _AGENTS, code)
    if (custodian := resource.get("custodian")) is not None:
        _agent(agents, custodian, _TRANSMITTER, "transmitter")
    for one in node.children("participant"):
        _participant(one, translation)
    for event in node.at("documentationOf/serviceEvent"):
        performers = translation.memory.setdefault("performers", [])
        performers += [(one, found) for one in event.children("performer") if (found := participant(one, translation))]
    recipients = translation.memory.setdefault("recipients", [])
    for one in node.children("informationRecipient"):
        found = participant(one, translation, "Practitioner PractitionerRole Organization Patient RelatedPerson")
        if found is not None:
            recipients.append(found)


def _agent(agents: list[dict[str, Any]], who: Reference | None, system: str, code: str) -> None:
    if who is not None:
        agents.append({"type": {"coding": [{"system": system, "code": code}]}, "who": who})


def _participant(node: Element, translation: Translation) -> None:
    role = role_of(node)
    if role is None:
        return
    if role.look("classCode") not in _RELATIVES:
        participant(node, translation)
        return
    if is_patient(role, translation):
        return
    translation.make("ccda.relatedEntity.RelatedPerson", role)
    patient = translation.patient
    if role.look("classCode") in _CONTACTS and patient is not None:
        _contact(role, translation, patient)


def _contact(role: Element, translation: Translation, patient: Resource) -> None:
    made: dict[str, Any] = {}
    code, person = role.first("code"), role.first("associatedPerson")
    if code is not None and (concept := codeable_concept(code, translation)):
        made["relationship"] = [concept]
    names = [human_name(one, translation) for one in person.children("name")] if person is not None else []
    if names and names[0]:
        made["name"] = names[0]
    if found := [one for child in role.children("telecom") if (one := contact_point(child, translation))]:
        made["telecom"] = found
    if found := [one for child in role.children("addr") if (one := address(child, translation))]:
        made["address"] = found[0]
    if made.keys() & {"name", "telecom", "address"} and made not in patient.get("contact", []):
        patient.setdefault("contact", []).append(made)


@step("entry_references", "ccda")
def entry_references(node: Element, translation: Translation, resource: Resource) -> None:
    """Tie what one statement says of another; one that points nowhere is told, and nothing is made up for it."""
    for one in translation.memory.get("entry references", {}).values():
        target = next((found for key in identifiers.keys(one) if (found := by_id(key, translation))), None)
        for child in one.children("id"):
            child.read("root")
            child.read("extension")
        if target is None:
            translation.warn("reference-dangling", severity=Severity.INFORMATION, node=one)
            continue
        for reference in _around(one, translation):
            holder = translation.find(reference)
            if holder is not None and reference != target:
                tie(holder, target)


def _around(node: Element, translation: Translation) -> list[Reference]:
    """What the nearest statement around an entry reference became."""
    above = node.parent
    while above is not None:
        if found := made_of(above, translation):
            return found[:1]
        above = above.parent
    return []


@step("authors_of_entries", "ccda")
def authors_of_entries(node: Element, translation: Translation, resource: Resource) -> None:
    """One Provenance for all that one author wrote at one time."""
    for (who, when), targets in translation.memory.get("authors", {}).items():
        provenance: Resource = {
            "resourceType": "Provenance",
            "target": _each_once(targets),
            "agent": [{"type": {"coding": [{"system": _AGENTS, "code": "author"}]}, "who": {"reference": who}}],
        }
        at = moment(when, translation) if when else None
        if isinstance(at, str) and len(at) > 10:
            provenance["recorded"] = at
        else:
            provenance["_recorded"] = {"extension": [{"url": ABSENT, "valueCode": "unknown"}]}
            if isinstance(at, str):
                provenance["occurredDateTime"] = at
            elif at is not None and at.value:
                provenance["occurredDateTime"] = at.value
        translation.add(provenance, identity=("author", who, when))


def _each_once(references: list[Reference]) -> list[Reference]:
    return list({one["reference"]: one for one in references}.values())


@step("structure", "ccda")
def structure(node: Element, translation: Translation, resource: Resource) -> None:
    """Say of what only builds the document that it holds nothing of the patient."""
    for key, because in _structure(translation):
        translation.ledger.enter(key, State.IGNORED, "ccda.structure", because=because)


def _structure(translation: Translation) -> Iterator[tuple[Any, str]]:
    found: Iterator[tuple[Any, str]] = translation.record.structure()  # type: ignore[attr-defined]
    return found
