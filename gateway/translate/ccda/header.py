"""The header: one patient, who took part in the document, what kind of encounter it tells of."""

import base64
import binascii
import hashlib
import re
from typing import Any, Final

from gateway.core.errors import MultiPatientError
from gateway.core.ledger import State
from gateway.translate.ccda.codes import coding, display, known_uri
from gateway.translate.ccda.element import Element
from gateway.translate.ccda.elements import absent
from gateway.translate.ccda.identifiers import identifier
from gateway.translate.ccda.participants import organization, participant
from gateway.translate.converter import NotConvertedError, converter, step
from gateway.translate.translation import Reference, Resource, Translation

_CLASSES: Final = frozenset(
    {"AMB", "EMER", "FLD", "HH", "IMP", "ACUTE", "NONAC", "OBSENC", "PRENC", "SS", "VR"}
)  # fmt: skip
_ACT_CODE: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3}")


@step("one_patient", "ccda")
def one_patient(node: Element, translation: Translation, resource: Resource) -> None:
    """A document that speaks of several patients is refused; nobody may guess whose is what."""
    if len(node.children("recordTarget")) > 1:
        raise MultiPatientError("/ClinicalDocument/recordTarget[2]")


@step("header_participants", "ccda")
def header_participants(node: Element, translation: Translation, resource: Resource) -> None:
    """Those whom R4's Composition has no place for: kept for the Provenance of the document."""
    agents: dict[tuple[str, str], tuple[str, Reference]] = {}
    for name, role in (
        ("author", "author"),
        ("dataEnterer", "enterer"),
        ("informant", "informant"),
        ("informationRecipient", "recipient"),
        ("participant", "participant"),
    ):
        for child in node.children(name):
            who = None
            with translation.row("ccda.header", name, child) as entry:
                if (who := participant(child, translation)) is None:
                    entry.drop()
            if who is not None:
                agents.setdefault((role, who["reference"]), (role, who))
    translation.memory["agents"] = list(agents.values())
    performers: dict[str, tuple[Reference, Element]] = {}
    for performer in node.at("documentationOf/serviceEvent/performer"):
        who = None
        with translation.row("ccda.header", "performer", performer) as entry:
            if (who := participant(performer, translation)) is None:
                entry.drop()
        if who is not None:
            performers.setdefault(who["reference"], (who, performer))
    translation.memory["performers"] = list(performers.values())


@step("custodian", "ccda")
def custodian(node: Element, translation: Translation, resource: Resource) -> None:
    """Who keeps the document: also who reports what its entries say."""
    found = organization(node, translation)
    if found is not None:
        resource["custodian"] = found
        translation.memory["custodian"] = found


@step("reported", "ccda")
def reported(node: Element, translation: Translation, resource: Resource) -> None:
    """A drug told by a document is reported, not ordered here: by an informant, else by the custodian."""
    for informant in node.children("informant"):
        allow = "Patient Practitioner PractitionerRole RelatedPerson Organization"
        who = participant(informant, translation, allow)
        if who is not None:
            resource["reportedReference"] = who
            return
    keeper = translation.memory.get("custodian")
    if keeper:
        resource["reportedReference"] = dict(keeper)
    else:
        resource["reportedBoolean"] = True


@converter("order_named", "ccda")
def order_named(node: Element, translation: Translation) -> Reference | None:
    """The order that a document answers, by the number that its sender gave it."""
    found = identifier(node, translation)
    code = node.parent.first("code") if node.parent is not None else None
    named = display(code, translation) if found and code is not None else None
    return {"type": "ServiceRequest", "identifier": found, **({"display": named} if named else {})} if found else None


@converter("language", "ccda")
def language(node: Any, translation: Translation) -> str:
    """A language as BCP 47 writes it."""
    said = str(node.text).replace("_", "-")
    if not _LANGUAGE.fullmatch(said):
        raise NotConvertedError("code-unknown")
    return said


@converter("device_name", "ccda")
def device_name(node: Element, translation: Translation, type: str = "other") -> dict[str, str] | None:
    """The name of a program or device."""
    said = node.words() or node.read("displayName")
    return {"name": said, "type": type} if said else None


@converter("encounter_status", "ccda")
def encounter_status(node: Element, translation: Translation) -> str | None:
    """An encounter whose end is told is finished; nothing else follows from its times."""
    return "finished" if any(one.look("value") for one in node.children("high")) else None


@converter("encounter_class", "ccda")
def encounter_class(node: Element, translation: Translation) -> dict[str, Any] | None:
    """The class, where the code or one of its translations is an HL7 class."""
    for one in (node, *node.children("translation")):
        if one.look("code") in _CLASSES and known_uri(one.look("codeSystem")) == _ACT_CODE:
            return coding(one, translation)
    return None


@step("class_or", "ccda")
def class_or(node: Element, translation: Translation, resource: Resource) -> None:
    """R4 asks for a class; where none is told, that is said."""
    resource.setdefault("class", absent())


@converter("attachment", "ccda")
def attachment(node: Element, translation: Translation) -> dict[str, Any] | None:
    """An ED with a file in it, or with the address of one."""
    made: dict[str, Any] = {}
    if kind := node.read("mediaType"):
        made["contentType"] = kind
    for reference in node.children("reference"):
        if (url := reference.read("value")) and not url.startswith("#"):
            made["url"] = url
    if node.look("representation") == "B64":
        node.read("representation")
        sent = "".join(node.words().split())
        try:
            content = base64.b64decode(sent, validate=True)
        except (binascii.Error, ValueError):
            raise NotConvertedError("value-unreadable") from None
    else:
        content = node.words().encode()
    if content:
        made["data"] = base64.b64encode(content).decode("ascii")
        made["size"] = len(content)
        made["hash"] = base64.b64encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode("ascii")
    return made if made.keys() - {"contentType"} else None


@step("structure", "ccda")
def structure(node: Element, translation: Translation, resource: Resource) -> None:
    """What only says how the document is built needs no element."""
    for because, keys in node.record.structure().items():
        translation.ledger.enter_all(keys, State.IGNORED, "ccda.structure", because=because)
