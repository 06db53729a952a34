"""Values of a header: UIDs as URIs, numbers by who gave them, names by their parts, times with their offset."""

import re
from typing import Any, Final, NamedTuple

from gateway.core import study
from gateway.core.outcome import BASE
from gateway.core.record import Node
from gateway.translate.converter import NotConvertedError, Primitive, converter, step
from gateway.translate.hl7v2.systems import coding_system, local, universal
from gateway.translate.hl7v2.times import date_time
from gateway.translate.mentions import same_series
from gateway.translate.translation import Translation

Element = dict[str, Any]
_COUNT: Final = re.compile(r"\+?\d{1,9}", re.ASCII)
_OLD: Final = re.compile(r"[.:]")  # before 1993 days were written with points and times with colons
_WEB: Final = re.compile(r"(https?://\S+?)/studies/([0-9.]+)(?:/series/([0-9.]+))?/?", re.ASCII)
_REPRESENTATION: Final = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
_GROUPS: Final = (("ideographic", "IDE"), ("phonetic", "SYL"))
_ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_CONNECTIONS: Final = "http://terminology.hl7.org/CodeSystem/endpoint-connection-type"
_STUDY: Final = "study"  # under this name the study that is being told keeps its UID


class _Time(NamedTuple):
    """A day, a time and an offset as one text, which reads like a time of HL7 v2."""

    text: str
    location: str


@converter("uid", "dicom")
def uid(node: Node, translation: Translation) -> str:
    """A UID, as it was sent."""
    sent = node.text.strip()
    if not study.is_uid(sent):
        raise NotConvertedError("value-unreadable")
    return sent


@converter("study_uid", "dicom")
def study_uid(node: Node, translation: Translation) -> Element:
    """The UID of a study, by which it is known wherever it is named."""
    translation.memory[_STUDY] = sent = uid(node, translation)
    return study.number(sent)


@converter("sop_class", "dicom")
def sop_class(node: Node, translation: Translation) -> Element:
    """The class of an object, an OID."""
    return {"system": "urn:ietf:rfc:3986", "code": f"urn:oid:{uid(node, translation)}"}


@converter("modality", "dicom")
def modality(node: Node, translation: Translation) -> Element:
    """A modality in the code of DICOM."""
    return {"system": "http://dicom.nema.org/resources/ontology/DCM", "code": node.text.strip()}


@converter("shown", "dicom")
def shown(node: Node, translation: Translation) -> Element:
    """A word of DICOM that stands for a place of the body, as it was sent."""
    return {"display": node.text.strip()}


@converter("note", "dicom")
def note(node: Node, translation: Translation) -> Element:
    """A text as a note."""
    return {"text": node.text.strip()}


@converter("count", "dicom")
def count(node: Node, translation: Translation) -> int:
    """A number that is not below nought."""
    sent = node.text.strip()
    if not _COUNT.fullmatch(sent):
        raise NotConvertedError("number-unreadable")
    return int(sent)


@converter("date", "dicom")
def date(node: Any, translation: Translation) -> Primitive | str:
    """A day."""
    return date_time(_Time(_OLD.sub("", node.text.strip()), node.location), translation)  # type: ignore[arg-type]


@converter("moment", "dicom")
def moment(node: Any, translation: Translation, day: str, time: str) -> Primitive | str | None:
    """A day and a time, with the offset of the object where it tells one."""
    days, times = node.at(day), node.at(time)
    if not days:
        return None
    text = _OLD.sub("", days[0].text.strip())
    if times:
        hour, point, fraction = times[0].text.strip().partition(".")
        text += _OLD.sub("", hour) + point + fraction
        text += "".join(one.text.strip() for one in node.at("TimezoneOffsetFromUTC")[:1])
    return date_time(_Time(text, days[0].location), translation)  # type: ignore[arg-type]


@converter("name", "dicom")
def name(node: Any, translation: Translation) -> list[Element]:
    """The name of a person: in letters, as it is written elsewhere, and as it sounds."""
    groups = (
        (node, ""),
        *((one, "IDE") for one in node.at("ideographic")),
        *((one, "SYL") for one in node.at("phonetic")),
    )
    return [made for group, code in groups if (made := _name(group, code))]


def _name(group: Any, representation: str) -> Element:
    family, given, middle, prefix, suffix = (
        [one.text.strip() for one in group.at(f"c{number}")[:1]] for number in range(1, 6)
    )
    parts = {"given": given + middle, "prefix": prefix, "suffix": suffix}
    made: Element = {"family": family[0]} if family else {}
    made |= {part: said for part, said in parts.items() if said}
    if made and representation:
        made["extension"] = [{"url": _REPRESENTATION, "valueCode": representation}]
    return made


@converter("patient_number", "dicom")
def patient_number(node: Any, translation: Translation) -> Element | None:
    """The number of a patient, and who gave it; of nobody who is named, the sender."""
    return _numbered(
        node, translation, "PatientID", "IssuerOfPatientIDQualifiersSequence", "IssuerOfPatientID", under="mrn"
    )


@converter("accession", "dicom")
def accession(node: Any, translation: Translation) -> Element | None:
    """The accession number, and who gave it; of nobody who is named, the sender."""
    found = _numbered(node, translation, "AccessionNumber", "IssuerOfAccessionNumberSequence", under="accession")
    coding = dict(zip(("system", "code"), study.ACCESSION, strict=True))
    return {"type": {"coding": [coding]}, **found} if found else None


def _numbered(
    node: Any, translation: Translation, number: str, issuer: str, name: str = "", *, under: str
) -> Element | None:
    for one in node.at(number)[:1]:
        places = [f"{issuer}.UniversalEntityID", f"{issuer}.LocalNamespaceEntityID", *([name] if name else [])]
        names = [said for place in places for said in node.at(place)[:1]]
        clinic = translation.sender.clinic or "unknown"
        made = {"system": f"{BASE}/sid/sender/{clinic}/{under}", "value": one.text.strip()}
        return made | _authority(names, node.at(f"{issuer}.UniversalEntityIDType"), translation)
    return None


def _authority(names: list[Any], kinds: list[Any], translation: Translation) -> Element:
    """Who gives numbers, in words, and as a system: universal, agreed with the sender, or the sender's own."""
    said = [one.text.strip() for one in names]
    kind = next((one.text.strip() for one in kinds), "")
    for one in said:
        if system := universal(one, kind) or translation.sender.namespaces.get(one, ""):
            others = [name for name in said if name not in system]
            return {"system": system} | ({"assigner": {"display": ", ".join(others)}} if others else {})
    if not said:
        return {}
    translation.warn("identifier-system-unknown", node=names[0])
    return {"system": local(translation, said[0]), "assigner": {"display": ", ".join(said)}}


@converter("concept", "dicom")
def concept(node: Any, translation: Translation) -> Element | None:
    """A code, its name, and the scheme that it is of."""
    codes = [*node.at("CodeValue"), *node.at("LongCodeValue")][:1]
    words = [one.text.strip() for one in node.at("CodeMeaning")[:1]]
    made: Element = {"text": words[0]} if words else {}
    for code in codes:
        coding = {"code": code.text.strip()} | ({"display": words[0]} if words else {})
        for scheme in node.at("CodingSchemeDesignator")[:1]:
            coding["system"] = coding_system(scheme.text.strip(), "", "", coding["code"], translation)
        made["coding"] = [coding]
    return made or None


@step("whose", "dicom")
def whose(node: Any, translation: Translation, element: Element) -> None:
    """Whose study it is; an object that names nobody says so."""
    element["subject"] = translation.refer("Patient") or {"display": "Unknown"}


@step("retrieved", "dicom")
def retrieved(node: Any, translation: Translation, element: Element) -> None:
    """Where images can be had: the base of a web service where the address is one of it, else the address as it is."""
    for one in node.at("RetrieveURL")[:1]:
        found = _WEB.fullmatch(one.text.strip())
        series = [said.peek for said in node.at("SeriesInstanceUID")[:1]]
        told = (
            found is not None
            and found[2] == translation.memory.get(_STUDY)
            and (found[3] is None or [found[3]] == series)
        )
        element["address"] = found[1] if found and told else one.text.strip()
        kind = {"system": _CONNECTIONS, "code": "dicom-wado-rs"} if told else {"display": "Retrieve URL"}
        element["connectionType"] = kind
        return
    element["connectionType"] = {"display": "Retrieve AE Title"}
    element["_address"] = {"extension": [{"url": _ABSENT, "valueCode": "unknown"}]}


@step("one_by_uid", "dicom")
def one_by_uid(node: Any, translation: Translation, element: Element) -> None:
    """A series that an object tells twice, of itself and of others, stands once."""
    if "series" in element:
        element["series"] = same_series(element["series"])
