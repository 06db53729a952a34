"""XPN, XCN and CNN to HumanName."""

from typing import Any, Final

from gateway.translate.converter import converter
from gateway.translate.hl7v2.leaf import Part, peek, reword, text
from gateway.translate.hl7v2.times import between
from gateway.translate.translation import Translation

Element = dict[str, Any]
_CORE: Final = "http://hl7.org/fhir/StructureDefinition/"
_ORDERS: Final = frozenset({"NL1", "NL2", "NL3", "NL4", "F", "G"})
_AT_BIRTH: Final = "B"
_FAMILY: Final = ((2, "own-prefix"), (3, "own-name"), (4, "partner-prefix"), (5, "partner-name"))


@converter("human_name", "hl7v2")
def human_name(part: Part, translation: Translation, use: str = "") -> list[Element] | None:
    """XPN: parts of the surname, given names, degrees, use and period; the name one is called by is another name."""
    made = _named(part, first=1, translation=translation, degrees=(6, 14))
    _use(made, part, 7, use, translation)
    _period(made, part, (12, 13), 10, translation)
    _represented(made, part.part(8), translation)
    _assembled(made, part.part(11))
    called = text(part, 15)
    made = {name: said for name, said in made.items() if said}
    found = [made] if any(name not in ("use", "extension") for name in made) else []
    if called:
        found.append({"use": "nickname", "given": [called]})
    return found or None


@converter("one_name", "hl7v2")
def one_name(part: Part, translation: Translation) -> Element | None:
    """XPN for an element that holds one name."""
    found = human_name(part, translation)
    return found[0] if found else None


@converter("person_name", "hl7v2")
def person_name(part: Part, translation: Translation) -> Element | None:
    """XCN: the same from the second component on."""
    made = _named(part, first=2, translation=translation, degrees=(7, 21))
    if not made:
        return None
    _use(made, part, 10, "", translation)
    _represented(made, part.part(15), translation)
    _assembled(made, part.part(18))
    return made


@converter("embedded_person_name", "hl7v2")
def embedded_person_name(part: Part, translation: Translation) -> Element | None:
    """CNN: family, given, further names, suffix, prefix, degree in a row."""
    return _named(part, first=2, translation=translation, degrees=(7,)) or None


def _named(part: Part, *, first: int, translation: Translation, degrees: tuple[int, ...]) -> Element:
    made: Element = {}
    said = part.text_at
    family = part.part(first)
    if family is not None:
        _surname(made, family)
    if given := [one for one in (said(first + 1), said(first + 2)) if one]:
        made["given"] = given
    if prefix := said(first + 4):
        made["prefix"] = [prefix]
    if suffix := [one for number in (first + 3, *degrees) if (one := said(number))]:
        made["suffix"] = suffix
    return made


def _surname(made: Element, family: Part) -> None:
    """FN.1 is the whole surname; own and partner's parts stand beside it, and together they are the text."""
    whole, read = family.text_at(1), family.text_at
    parts = [(name, said) for number, name in _FAMILY if (said := read(number))]
    if not whole and parts:
        whole = " ".join(said for _, said in parts)
    if whole:
        made["family"] = whole
    if parts:
        made["_family"] = {
            "extension": [{"url": f"{_CORE}humanname-{name}", "valueString": said} for name, said in parts]
        }
        if extra := [said for _, said in parts if said not in whole]:
            made["text"] = " ".join([whole, *extra])


def _use(made: Element, part: Part, number: int, use: str, translation: Translation) -> None:
    """The name type as use; a surname at birth is qualified; a type without a use in FHIR has no home."""
    sent = peek(part, number)
    found = translation.concept_map("v2-0200-name-use").translate(sent) if sent else None
    if sent == _AT_BIRTH and "family" in made:
        of_birth = {"url": f"{_CORE}iso21090-EN-qualifier", "valueCode": "BR"}
        made.setdefault("_family", {}).setdefault("extension", []).append(of_birth)
        reword(part.part(number), translation)
    if found is not None:
        reword(part.part(number), translation)
        made["use"] = found.code
    elif use:
        made["use"] = use


def _period(made: Element, part: Part, dates: tuple[int, int], range_at: int, translation: Translation) -> None:
    held = part.part(range_at)
    start = part.part(dates[0]) or (held.part(1) if held is not None else None)
    end = part.part(dates[1]) or (held.part(2) if held is not None else None)
    if period := between(start, end, translation):
        made["period"] = period


def _represented(made: Element, part: Part | None, translation: Translation) -> None:
    """How the name is written (table 0465)."""
    found = translation.concept_map("v2-0465-name-representation").translate(part.peek) if part is not None else None
    if found is not None:
        _coded(made, "iso21090-EN-representation", found.code)
        reword(part, translation)


def _assembled(made: Element, part: Part | None) -> None:
    """In which order its parts stand; a code that the extension does not take stays a leaf without a home."""
    if part is not None and part.peek in _ORDERS:
        _coded(made, "humanname-assembly-order", part.text)


def _coded(made: Element, name: str, code: str) -> None:
    made.setdefault("extension", []).append({"url": f"{_CORE}{name}", "valueCode": code})
