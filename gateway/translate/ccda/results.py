"""Observations: the value in its own type, its meaning kept when it is negated, components and ranges."""

from typing import Any, Final

from gateway.core.issue import Severity
from gateway.translate.ccda.codes import codeable_concept, display, first_display, referenced_words
from gateway.translate.ccda.element import Element
from gateway.translate.ccda.elements import absent
from gateway.translate.ccda.header import attachment
from gateway.translate.ccda.kinds import has_template
from gateway.translate.ccda.quantities import compared_quantity, decimal, quantity, range_, ratio
from gateway.translate.ccda.times import moment, period, put
from gateway.translate.converter import NotConvertedError, converter, step
from gateway.translate.translation import Resource, Translation

VALUE: Final = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Observation.value"
NORMAL: Final = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Observation.referenceRange.normalValue"
NEGATED: Final = "https://fhir.second-opinion.example/StructureDefinition/so-negated-value"
_CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/observation-category"
_PREGNANCY: Final = "2.16.840.1.113883.10.20.15.3.8"
_DELIVERY: Final = "entryRelationship/observation[template 2.16.840.1.113883.10.20.15.3.1]"
_SCALE: Final = "4.69"
_US_CATEGORY: Final = "http://hl7.org/fhir/us/core/CodeSystem/us-core-category"
# Which category a section gives its observations.
_CATEGORIES: Final = {
    "30954-2": (_CATEGORY, "laboratory"),
    "8716-3": (_CATEGORY, "vital-signs"),
    "29762-2": (_CATEGORY, "social-history"),
    "47420-5": (_US_CATEGORY, "functional-status"),
    "10190-7": (_US_CATEGORY, "cognitive-status"),
}


@step("observed", "ccda")
def observed(node: Element, translation: Translation, resource: Resource) -> None:
    """The values of an observation: one as value[x], several as components (obs-7); a negated one as words only."""
    values = [one for one in node.children("value") if one.valued or one.look("nullFlavor")]
    if node.denied:
        _negated(node, values, translation, resource)
        return
    found: list[dict[str, Any]] = []
    for one in values:
        if _is_file(one):
            _file(one, translation, resource)
        elif (told := value_of(one, translation)) and told not in found:
            found.append(told)
    if len(found) == 1:
        resource.update(found[0])
    elif found:
        resource.setdefault("component", []).extend({"code": resource.get("code", absent()), **told} for told in found)
    elif values and "dataAbsentReason" not in resource and "extension" not in resource:
        _absent_value(values[0], translation, resource)


def _is_file(node: Element) -> bool:
    """Whether a value is a file and not words."""
    kind = node.look("mediaType")
    return node.type == "ED" and (node.look("representation") == "B64" or (not kind.startswith("text/") and bool(kind)))


def _file(node: Element, translation: Translation, resource: Resource) -> None:
    """R4 has no value for a file; R5's stands beside, and the file is a document of its own."""
    if found := attachment(node, translation):
        resource.setdefault("extension", []).append({"url": VALUE, "valueAttachment": found})
        translation.make("ccda.value.DocumentReference", node)


def value_of(node: Element, translation: Translation) -> dict[str, Any]:
    """One value as the member of value[x] that its type asks for."""
    try:
        return _typed(node, translation)
    except NotConvertedError as trouble:
        translation.warn(trouble.code, node=node)
        sent = node.read("value") or node.words()
        unit = node.read("unit")
        return {"valueString": f"{sent} {unit}".strip()} if sent else {}


def _typed(node: Element, translation: Translation) -> dict[str, Any]:
    match node.type:
        case "CD" | "CE" | "CV" | "CO" | "CS" | "SC":
            found = codeable_concept(node, translation)
            return {"valueCodeableConcept": found} if found else {}
        case "PQ" | "REAL" | "MO":
            found = quantity(node, translation)
            return {"valueQuantity": found} if found else {}
        case "INT":
            sent = node.look("value")
            if not sent:
                return {}
            number = decimal(node.read("value"))
            whole = number == number.to_integral_value() and abs(number) < 2**31
            return {"valueInteger": int(number)} if whole else {"valueQuantity": {"value": number}}
        case "IVL_PQ" | "IVL_REAL" | "IVL_INT":
            return _interval(node, translation)
        case "RTO" | "RTO_PQ_PQ" | "RTO_QTY_QTY":
            found = ratio(node, translation)
            return {"valueRatio": found} if found else {}
        case "BL":
            sent = node.read("value")
            return {"valueBoolean": sent == "true"} if sent in ("true", "false") else {}
        case "TS":
            made: dict[str, Any] = {}
            put(made, "valueDateTime", moment(node.read("value"), translation))
            return made
        case "IVL_TS":
            found = period(node, translation)
            return {"valuePeriod": found} if found else {}
    return _words(node, translation)


def _interval(node: Element, translation: Translation) -> dict[str, Any]:
    if node.look("value"):
        found = quantity(node, translation)
        return {"valueQuantity": found} if found else {}
    span = range_(node, translation)
    if span and len(span) == 2 and span["low"]["value"] != 0:
        return {"valueRange": span}
    found = compared_quantity(node, translation) if span else None
    return {"valueQuantity": found} if found else {}


def _words(node: Element, translation: Translation) -> dict[str, Any]:
    """ED, ST and whatever has no type: a code, a number with its unit, else the words."""
    if node.look("code"):
        found = codeable_concept(node, translation)
        return {"valueCodeableConcept": found} if found else {}
    if node.look("value"):
        made = quantity(node, translation)
        return {"valueQuantity": made} if made else {}
    words = referenced_words(node, translation)
    return {"valueString": words} if words else {}


def _absent_value(node: Element, translation: Translation, resource: Resource) -> None:
    flavor = node.look("nullFlavor")
    found = translation.concept_map("ccda-null-flavor").translate(flavor) if flavor else None
    code = found.code if found else "unknown"
    system = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
    resource["dataAbsentReason"] = {"coding": [{"system": system, "code": code}]}
    if words := referenced_words(node, translation):
        resource["dataAbsentReason"]["text"] = words


def _negated(node: Element, values: list[Element], translation: Translation, resource: Resource) -> None:
    """What was not found may not stand where a reader expects what was."""
    node.read("negationInd")
    said = []
    for one in values:
        concept = codeable_concept(one, translation) if one.look("code") or one.children("translation") else None
        if concept:
            said.append(first_display(concept))
            resource.setdefault("extension", []).append({"url": NEGATED, "valueCodeableConcept": concept})
        elif words := (referenced_words(one, translation) or one.read("value")):
            said.append(words)
    resource["valueString"] = f"not: {'; '.join(said)}" if said else "not observed"
    translation.warn("observation-negated", severity=Severity.INFORMATION, node=node)


@step("observation_category", "ccda")
def observation_category(node: Element, translation: Translation, resource: Resource) -> None:
    """The category that the section gives; a scale is a survey wherever it stands."""
    section = node.within("section")
    code = section.first("code") if section is not None else None
    found = _CATEGORIES.get(code.look("code")) if code is not None else None
    if found:
        resource.setdefault("category", []).append({"coding": [{"system": found[0], "code": found[1]}]})
    if has_template(node, _SCALE):
        resource.setdefault("category", []).append({"coding": [{"system": _CATEGORY, "code": "survey"}]})


@step("pregnancy", "ccda")
def pregnancy(node: Element, translation: Translation, resource: Resource) -> None:
    """The template says what is asserted, its code only that something is; the day of delivery is part of it."""
    if not has_template(node, _PREGNANCY):
        return
    if codings := resource["code"].get("coding"):
        resource["code"]["coding"] = [{"system": "http://loinc.org", "code": "82810-3"}, *codings]
    for part in node.at(_DELIVERY):
        code, values = part.first("code"), part.children("value")
        found = codeable_concept(code, translation) if code is not None else None
        if found and values:
            resource.setdefault("component", []).append({"code": found, **value_of(values[0], translation)})


@step("effective", "ccda")
def effective(node: Element, translation: Translation, resource: Resource, element: str = "effective") -> None:
    """When: a moment where one was sent, else the span."""
    times = node.first("effectiveTime")
    if times is None:
        return
    if sent := times.look("value"):
        times.read("value")
        put(resource, f"{element}DateTime", moment(sent, translation))
        return
    low, high, centre = times.first("low"), times.first("high"), times.first("center")
    if centre is not None and (sent := centre.look("value")):
        centre.read("value")
        put(resource, f"{element}DateTime", moment(sent, translation))
        return
    ends = [one.look("value") for one in (low, high) if one is not None and one.look("value")]
    only = low if len(set(ends)) == 1 else None  # one end, or two that are the same
    if only is not None and (sent := only.look("value")):
        only.read("value")
        if high is not None:
            high.read("value")
        put(resource, f"{element}DateTime", moment(sent, translation))
    elif found := period(times, translation):
        resource[f"{element}Period"] = found


@converter("other_range", "ccda")
def other_range(node: Element, translation: Translation) -> dict[str, str] | None:
    """A range that is not the normal one, in words: R4's readers take a range of reference for normal."""
    found = reference_range(node, translation) or {}
    ends = [f"{sign} {found[side]['value']} {found[side].get('unit', '')}".strip()
            for side, sign in (("low", ">="), ("high", "<=")) if side in found]  # fmt: skip
    words = [*ends, *([found["text"]] if "text" in found else [])]
    kind = first_display(found.get("type", {}))
    return {"text": f"Range of interpretation {kind}: {', '.join(words)}"} if words else None


@converter("reference_range", "ccda")
def reference_range(node: Element, translation: Translation) -> dict[str, Any] | None:
    """A range of reference: its ends, or its words."""
    made: dict[str, Any] = {}
    for value in node.children("value"):
        if value.type in ("IVL_PQ", "IVL_REAL", "IVL_INT", ""):
            try:
                made.update(range_(value, translation) or {})
            except NotConvertedError as trouble:
                translation.warn(trouble.code, node=value)
        else:
            concept = codeable_concept(value, translation) if value.look("code") else None
            if words := referenced_words(value, translation) or display(value, translation):
                made["text"] = words
            if concept:
                made.setdefault("extension", []).append({"url": NORMAL, "valueCodeableConcept": concept})
    text = node.first("text")
    if text is not None and (words := referenced_words(text, translation)):
        made["text"] = words
    code = node.first("interpretationCode")
    if made and code is not None and (concept := codeable_concept(code, translation)):
        made["type"] = concept
    return made or None
