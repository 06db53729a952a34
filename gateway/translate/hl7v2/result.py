"""OBX values by their type (OBX-2), and what results and specimens say beside them."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final, Protocol

from gateway.core.ledger import State
from gateway.core.study import is_uid
from gateway.translate.converter import NotConvertedError, converter, step
from gateway.translate.hl7v2.coded import codeable_concept
from gateway.translate.hl7v2.leaf import Part, convert, named, peek, place, text
from gateway.translate.hl7v2.primitive import phrase
from gateway.translate.hl7v2.quantity import exact, measured, plain_number, structured_number
from gateway.translate.hl7v2.times import between
from gateway.translate.hl7v2.timing import older_timing, timing
from gateway.translate.studies import named as named_study
from gateway.translate.translation import Translation

Element = dict[str, Any]
_CODED: Final = frozenset({"CWE", "CE", "CNE", "CF", "IS", "ID"})
_STUDY: Final = ("113014", "DCM")
_TIMES: Final = frozenset({"DT", "TS", "DTM"})


class Segment(Protocol):
    """A segment as the parser gives it."""

    @property
    def record(self) -> Any:
        """The message."""

    def field(self, number: int) -> Sequence[Part]:
        """The valued repetitions of a field."""


@step("observation_value", "hl7v2")
def observation_value(obx: Segment, translation: Translation, element: Element) -> None:
    """One value is the observation's; further ones are components, further lines are lines."""
    kind = next((part.peek for part in obx.field(2)), "")
    values = obx.field(5)
    if not values or kind in ("ED", "RP"):
        return
    units = next(iter(obx.field(6)), None)
    if kind in ("TX", "FT", "ST", ""):
        if len(values) == 1 and units is not None and exact(values[0].peek) and not kind:
            kind = "NM"
        else:
            element["valueString"] = "\n".join(phrase(part) for part in values)
            _unit_in_words(element, units)
            return
    made = [_value(part, kind, units, translation) for part in values]
    if len(made) == 1:
        place(element, *made[0])
    for name, value in made if len(made) > 1 else ():  # the observation itself then has no value (obs-7)
        component: Element = {"code": dict(element.get("code", {"text": "value"}))}
        place(component, name, value)
        element.setdefault("component", []).append(component)
    if not any(name == "valueQuantity" or name == "valueRange" or name == "valueRatio" for name, _ in made):
        _unit_in_words(element, units)


def _value(part: Part, kind: str, units: Part | None, translation: Translation) -> tuple[str, Any]:
    try:
        return _typed(part, kind, units, translation)
    except NotConvertedError as refused:
        translation.warn(refused.code, node=part)  # type: ignore[arg-type]
        return "valueString", phrase(part)


def _typed(part: Part, kind: str, units: Part | None, translation: Translation) -> tuple[str, Any]:
    if kind in _CODED:
        return "valueCodeableConcept", codeable_concept(part, translation)
    if kind == "NM":
        return "valueQuantity", _number(part, units, translation)
    if kind == "SN":
        suffix, value = structured_number(part, translation, units)
        return f"value{suffix}", value
    if kind == "CQ":
        return "valueQuantity", named("quantity")(part, translation)
    if kind in _TIMES:
        return "valueDateTime", named("date_time")(part, translation)
    if kind == "DR":
        return "valuePeriod", between(part.part(1), part.part(2), translation)
    if kind == "TM":
        return _time(part)
    if kind == "NR":
        return "valueRange", _range(part, units, translation)
    return "valueString", phrase(part)


def _number(part: Part, units: Part | None, translation: Translation) -> Element:
    found = exact(part.peek)
    if found is None:
        raise NotConvertedError("number-unreadable")
    part.text  # noqa: B018 (counted as read)
    made: Element = {"value": found[0]}
    if found[1]:
        translation.warn("number-unreadable", node=part)  # type: ignore[arg-type]
        made["comparator"] = found[1]
    if units is not None:
        measured(made, units, translation)
    return made


def _range(part: Part, units: Part | None, translation: Translation) -> Element:
    """NR: a number at each end that is sent."""
    sent = {name: said for number, name in ((1, "low"), (2, "high")) if (said := text(part, number))}
    ends = {name: plain_number(said) for name, said in sent.items()}
    if not ends or None in ends.values():
        raise NotConvertedError("number-unreadable")
    if len(ends) == 2 and ends["low"] > ends["high"]:  # type: ignore[operator]
        raise NotConvertedError("value-unreadable")
    made: Element = {name: {"value": end} for name, end in ends.items()}
    for bound in made.values():
        if units is not None:
            measured(bound, units, translation)
    return made


def _time(part: Part) -> tuple[str, Any]:
    sent = part.text
    if len(sent) in (4, 6) and sent.isdigit() and int(sent[:2]) < 24 and int(sent[2:4]) < 60:
        return "valueTime", f"{sent[:2]}:{sent[2:4]}:{sent[4:] or '00'}"
    return "valueString", sent


def _unit_in_words(element: Element, units: Part | None) -> None:
    """A unit beside a value that takes none stays in a note."""
    if units is not None and (said := phrase(units)):
        element.setdefault("note", []).append({"text": f"unit: {said}"})


@converter("reference_range", "hl7v2")
def reference_range(part: Part, translation: Translation) -> Element | None:
    """OBX-7, as it was written."""
    said = phrase(part)
    return {"text": said} if said else None


@converter("interpreter", "hl7v2")
def interpreter(part: Part, translation: Translation) -> Element | None:
    """NDL: a person alone, or somebody acting at a time and place; XCN where a sender writes one."""
    inner = part.part(1)
    if inner is not None and inner.part(2) is None and peek(part, 2) and not peek(part, 2)[:4].isdigit():
        return translation.make("hl7v2.XCN.Practitioner", part)  # type: ignore[arg-type]
    return translation.make("hl7v2.NDL.PractitionerRole", part)  # type: ignore[arg-type]


@step("presented", "hl7v2")
def presented(group: Any, translation: Translation, element: Element) -> None:
    """A document inside a result (ED, RP) is a presented form of the report."""
    for segment in group.parts:
        if segment.name != "OBX" or not any(part.peek in ("ED", "RP") for part in segment.field(2)):
            continue
        for part in segment.field(5):
            held: Element = {}
            convert(held, "form", part, translation, "attachment")
            element.setdefault("presentedForm", []).extend(held.values())
    if not element.get("presentedForm"):
        element.pop("presentedForm", None)


@step("result", "hl7v2")
def result(group: Any, translation: Translation, element: Element, to: str = "") -> None:
    """An observation of an order; told again under the same numbers (OBR-3, OBX-3, OBX-4) it is the same one."""
    order = group.parent if group.parent.name == "ORDER" else group.parent.parent
    filler = next((part for obr in order.parts if obr.name == "OBR" for part in obr.field(3)), None) if order else None
    identity = (
        () if filler is None else (filler.peek, peek(filler, 2), peek(filler, 3), *_place(group, translation)[:3])
    )
    reference = translation.make("hl7v2.OBSERVATION.Observation", group, identity=identity)
    if to and reference and reference not in element.setdefault(to, []):
        element[to].append(reference)


@step("study_named", "hl7v2")
def study_named(group: Any, translation: Translation, element: Element) -> None:
    """The study that a report is of, which a result names by its UID."""
    for obx in (one for one in group.parts if one.name == "OBX"):
        codes = [(part.peek, peek(part, 3)) for part in obx.field(3)]
        for part in obx.field(5) if _STUDY in codes else ():
            if is_uid(part.peek.strip()):
                reference = named_study(translation, part.text.strip())
                if reference not in element.setdefault("imagingStudy", []):
                    element["imagingStudy"].append(reference)


def _place(group: Any, translation: Translation) -> tuple[str, str, str, bool]:
    """The code of a result, its sub-id, which of those that have both it is, and whether the code is its alone."""
    found: dict[int, tuple[str, str, str, bool]] = translation.memory.setdefault("results", {})
    if id(group) not in found:
        around = [one for one in group.parent.parts if one.name == "OBSERVATION"]
        said = [(_first(one, 3), _first(one, 4)) for one in around]
        codes, both = Counter(code for code, _ in said), Counter[tuple[str, str]]()
        for one, (code, sub) in zip(around, said, strict=True):
            both[code, sub] += 1
            found[id(one)] = (code, sub, str(both[code, sub]), codes[code] == 1)
    return found[id(group)]


def _first(group: Any, field: int) -> str:
    return next((part.peek for obx in group.parts if obx.name == "OBX" for part in obx.field(field)), "")


@step("group_of_result", "hl7v2")
def group_of_result(group: Any, translation: Translation, element: Element) -> None:
    """OBX-4 tells results of one code apart; where there is one it tells nothing."""
    for part in (part for obx in group.parts if obx.name == "OBX" for part in obx.field(4)):
        if _place(group, translation)[3]:
            translation.enter_all(part, State.IGNORED, "", "tells results of one code apart, and there is one")
        else:
            element.setdefault("note", []).append({"text": f"sub-id: {phrase(part)}"})


@step("acted", "hl7v2")
def acted(part: Part, translation: Translation, element: Element) -> None:
    """Somebody who took part and whom the report has no element for."""
    interpreter(part, translation)


@step("further_devices", "hl7v2")
def further_devices(part: Part, translation: Translation, element: Element) -> None:
    """Observation names one device; further ones are in the bundle and in a note."""
    reference = translation.make("hl7v2.EI.Device", part)  # type: ignore[arg-type]
    if reference and reference != element.get("device"):
        element.setdefault("note", []).append({"text": f"also: {reference['reference']}"})


@converter("additive", "hl7v2")
def additive(part: Part, translation: Translation) -> Element | None:
    """An additive as a substance."""
    code = codeable_concept(part, translation, table="0371")
    return translation.add({"resourceType": "Substance", "code": code}) if code else None


@converter("specimen_before", "hl7v2")
def specimen_before(part: Part, translation: Translation) -> Element | None:
    """SPM-3: the specimen this one was taken from, by its number."""
    first, *further = named("entity_identifier_pair")(part, translation) or [None]
    if first is None:
        return None
    words = ", ".join([first["value"], *(f"filler's number {one['value']}" for one in further)])
    return {"identifier": first, **({"display": words} if further else {})}


@step("container", "hl7v2")
def container(segment: Any, translation: Translation, element: Element) -> None:
    """SAC: one container of the specimen."""
    made: Element = {}
    translation.run("hl7v2.SAC.Specimen.container", segment, made)
    if made:
        element.setdefault("container", []).append(made)


@step("kept_time", "hl7v2")
def kept_time(part: Part, translation: Translation, element: Element, to: str = "", label: str = "") -> None:
    """A time that an instant could not take, in words."""
    if to not in element and (said := part.text):
        element["conclusion"] = "\n".join(filter(None, [element.get("conclusion", ""), f"{label}: {said}"]))


@step("occurrence", "hl7v2")
def occurrence(node: Any, translation: Translation, element: Element) -> None:
    """When a service is to be done: TQ1, or the older TQ."""
    made = timing(node, translation) if hasattr(node, "field") else older_timing(node, translation)
    if not made:
        return
    repeat = made.get("repeat", {})
    if set(made) == {"repeat"} and set(repeat) == {"boundsPeriod"}:
        element["occurrencePeriod"] = repeat["boundsPeriod"]
    else:
        element["occurrenceTiming"] = made
