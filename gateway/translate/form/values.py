"""Answers of a form to FHIR: texts as they were written, dates as far as they are known, ticks as statements."""

import re
from html import escape
from typing import Any, Final

from gateway.core.drug import RXNORM
from gateway.core.ledger import State
from gateway.core.outcome import BASE
from gateway.core.record import Node
from gateway.translate.conceptmap import ConceptMap
from gateway.translate.converter import NotConvertedError, converter, step
from gateway.translate.drug import with_codes
from gateway.translate.form.dates import date
from gateway.translate.sig.meaning import duration
from gateway.translate.sig.structure import PERIOD
from gateway.translate.translation import INFORMANT, Translation

XHTML: Final = "http://www.w3.org/1999/xhtml"
_TICKED: Final = ("true", "yes", "y", "1", "x")
_ICD10: Final = re.compile(r"[A-Z]\d[0-9A-Z](?:\.?[0-9A-Z]{1,4})?", re.ASCII)
_COUNT: Final = re.compile(r"[1-9]\d{0,3}", re.ASCII)
_LENGTH: Final = re.compile(r"([1-9]\d{0,2})[ -]?(d|days?|w|wk|weeks?)", re.ASCII)
_DIRECTIONS: Final = ("directions", "strength", "dose", "route", "frequency")
_INFORMANTS: Final = {"clinic": "Organization", "patient": "Patient", "caregiver": "RelatedPerson"}
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*", re.ASCII)


@converter("code", "form")
def code(node: Node, translation: Translation, through: ConceptMap) -> str:
    """A FHIR code through a concept map."""
    return _target(node, through)["code"]


@converter("concept", "form")
def concept(node: Node, translation: Translation, through: ConceptMap) -> dict[str, Any]:
    """A CodeableConcept through a concept map; what the map leaves open stays as text."""
    try:
        return {"coding": [_target(node, through)]}
    except NotConvertedError:
        translation.warn("code-untranslated", state=State.UNTRANSLATED)
        return {"text": node.peek.strip()}


def _target(node: Node, through: ConceptMap) -> dict[str, str]:
    found = through.translate(node.text.strip().lower())
    if found is None:
        raise NotConvertedError("code-unknown")
    coding = {"system": found.system, "code": found.code, "display": found.display}
    return {name: value for name, value in coding.items() if value}


@converter("whole_number", "form")
def whole_number(node: Node, translation: Translation) -> int:
    """A number of things that are counted."""
    if not _COUNT.fullmatch(node.text.strip()):
        raise NotConvertedError("number-unreadable")
    return int(node.peek.strip())


@converter("days_or_weeks", "form")
def days_or_weeks(node: Node, translation: Translation, unit: str = "") -> dict[str, Any]:
    """How long, in days or weeks; a bare number only where its column says which of them."""
    found = _LENGTH.fullmatch(f"{node.text.strip()} {unit}".strip().lower())
    if found is None:
        raise NotConvertedError("value-unreadable")
    return duration(int(found[1]), "wk" if found[2].startswith("w") else "d")


@step("reported", "form")
def reported(node: Node, translation: Translation, resource: dict[str, Any]) -> None:
    """Who reports a drug: the clinic that fills in the form, where it names itself."""
    clinic = translation.refer("form.facility.Organization")
    resource.update({"reportedReference": clinic} if clinic else {"reportedBoolean": True})


@converter("flag", "form")
def flag(node: Node, translation: Translation) -> bool:
    """A box that was ticked."""
    return _ticked(node)


@converter("statement", "form")
def statement(node: Node, translation: Translation, says: str) -> dict[str, str] | None:
    """A box that was ticked, as a note in words; one that says no is a note too."""
    return {"text": says if _ticked(node) else f"No: {says}"}


@converter("wish", "form")
def wish(node: Node, translation: Translation, code: str, says: str) -> dict[str, Any]:
    """A box that was ticked, as what is asked of us, in our own code for it; one that says no is kept as words."""
    if not _ticked(node):
        return {"text": f"No: {says}"}
    return {"coding": [{"system": f"{BASE}/CodeSystem/so-activity", "code": code}], "text": says}


def _ticked(node: Node) -> bool:
    said = node.text.strip().lower()
    if said in _TICKED:
        return True
    if said in ("false", "no", "n", "0"):
        return False
    raise NotConvertedError("value-unreadable")


@converter("noted", "form")
def noted(node: Node, translation: Translation, under: str) -> dict[str, str]:
    """An answer as a note under its question."""
    return {"text": f"{under}: {node.text.strip()}"}


@converter("narrative", "form")
def narrative(node: Node, translation: Translation) -> dict[str, str]:
    """A text of several lines as FHIR narrative: all that is said is in it."""
    lines = "<br/>".join(escape(line, quote=False) for line in node.text.strip().splitlines())
    return {"status": "additional", "div": f'<div xmlns="{XHTML}"><p>{lines}</p></div>'}


@converter("given_names", "form")
def given_names(node: Node, translation: Translation) -> list[str]:
    """The given names, each by itself."""
    return node.text.split()


@converter("own_number", "form")
def own_number(node: Node, translation: Translation, type: str, under: str) -> dict[str, Any]:
    """A number of the sender's own, in the sender's own namespace and never in ours."""
    clinic = translation.sender.clinic or "unknown"
    return {
        "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": type}]},
        "system": f"{BASE}/sid/sender/{clinic}/{under}",
        "value": node.text.strip(),
    }


@converter("diagnosis_code", "form")
def diagnosis_code(node: Node, translation: Translation) -> dict[str, str]:
    """An ICD-10-CM code in capitals, with its point."""
    code = node.text.strip().upper()
    if not _ICD10.fullmatch(code):
        raise NotConvertedError("value-unreadable")
    plain = code.replace(".", "")
    return {
        "system": "http://hl7.org/fhir/sid/icd-10-cm",
        "code": f"{plain[:3]}.{plain[3:]}" if len(plain) > 3 else plain,
    }


@converter("language", "form")
def language(node: Node, translation: Translation) -> dict[str, Any]:
    """A language by its tag (BCP 47), or by its name where no tag was written."""
    said = node.text.strip()
    if _LANGUAGE.fullmatch(said) and len(said.partition("-")[0]) < 4:
        return {"coding": [{"system": "urn:ietf:bcp:47", "code": said}]}
    return {"text": said}


@converter("whole_name", "form")
def whole_name(node: Node, translation: Translation) -> dict[str, Any]:
    """A whole name in one cell: taken apart only where a comma tells the family name."""
    said = " ".join(node.text.split())
    family, comma, given = (part.strip() for part in said.partition(","))
    if comma and family and given:
        return {"text": said, "family": family, "given": given.split()}
    return {"text": said}


@converter("drug", "form")
def drug(node: Node, translation: Translation) -> dict[str, Any]:
    """A drug as it was written, word for word, and the codes that were written beside it."""
    said = [one.text.strip() for one in _at(node, "name")]
    codings = [
        {"system": system, "code": one.text.strip()}
        for field, system in (("rxnorm", RXNORM), ("ndc", "http://hl7.org/fhir/sid/ndc"))
        for one in _at(node, field)
    ]
    return with_codes({**({"coding": codings} if codings else {}), **({"text": said[0]} if said else {})}, translation)


@converter("directions", "form")
def directions(node: Node, translation: Translation) -> str | None:
    """The directions word for word; where a sheet has them in parts, the parts in their order."""
    parts = [one.text.strip() for field in _DIRECTIONS for one in _at(node, field)]
    return " ".join(parts) or None


@step("course", "form")
def course(node: Node, translation: Translation, request: dict[str, Any]) -> None:
    """Between which days; where the directions name bounds of their own, beside these."""
    dosages = request.get("dosageInstruction") or [{}]
    repeat = dosages[0].get("timing", {}).get("repeat", {})
    bounded = any(name.startswith("bounds") for name in repeat)
    place = "extension[0].valuePeriod" if bounded else "timing.repeat.boundsPeriod"
    period: dict[str, str] = {}
    for field, end in (("started", "start"), ("stopped", "end")):
        for one in _at(node, field)[:1]:
            with translation.row("form.medicine.course", f"dosageInstruction[0].{place}.{end}", one):
                period[end] = date(one, translation)
    if not period:
        return
    if bounded:
        dosages[0]["extension"] = [{"url": PERIOD, "valuePeriod": period}]
    else:
        dosages[0].setdefault("timing", {}).setdefault("repeat", {})["boundsPeriod"] = period
    request["dosageInstruction"] = dosages


def _at(node: Node, field: str) -> list[Node]:
    return [one for one in node.at(field) if one.valued]  # type: ignore[attr-defined]


@step("informant", "form")
def informant(node: Node, translation: Translation, resource: dict[str, Any]) -> None:
    """Who tells all this, for the Provenance of the submission: the clinic, the patient, a caregiver, or as written."""
    said = node.text.strip()
    type = _INFORMANTS.get(said.lower())
    known = type and (translation.refer(type) or {"type": type, "display": said.capitalize()})
    translation.memory[INFORMANT] = known or {"display": said}


@step("status_unknown", "form")
def status_unknown(node: Node, translation: Translation, resource: dict[str, Any]) -> None:
    """No status was said, or none that we know: it is not guessed."""
    if "status" not in resource:
        resource["status"] = "unknown"
        translation.warn("status-unknown")


@converter("ticked", "form")
def ticked(node: Node, translation: Translation, says: str) -> str:
    """What a tick says."""
    node.text  # noqa: B018 - counted as read
    return says


@converter("none_known", "form")
def none_known(node: Node, translation: Translation, says: str) -> str | None:
    """That there are none: the words of a sheet's cell as they are, a tick in words."""
    said = node.text.strip()
    if said.lower() == "false":
        return None
    return says if said.lower() in _TICKED else said


@converter("treatment_words", "form")
def treatment_words(node: Node, translation: Translation) -> dict[str, str]:
    """The state of treatment as narrative, where nothing more was told."""
    said = escape(node.text.strip(), quote=False)
    return {"status": "additional", "div": f'<div xmlns="{XHTML}"><p>Treatment: {said}</p></div>'}


@step("medicines", "form")
def medicines(node: Node, translation: Translation, resource: dict[str, Any]) -> None:
    """The plan's activities: the medicines of the same referral."""
    found = [
        {"reference": {"reference": f"MedicationRequest/{one['id']}"}}
        for one in translation.resources
        if one["resourceType"] == "MedicationRequest"
    ]
    if found:
        resource["activity"] = found
