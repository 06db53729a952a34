"""How confidential a document and its parts are."""

from typing import Any, Final

from gateway.core.labels import LEVELS, label, united
from gateway.translate.ccda.element import Element
from gateway.translate.ccda.sections import sections
from gateway.translate.converter import NotConvertedError, converter, step
from gateway.translate.translation import Resource, Translation

_NORMAL: Final = LEVELS.index("N")
# Persons and places are known beyond one document.
_NOT_SAID_HERE: Final = frozenset(
    {
        "Patient",
        "Practitioner",
        "PractitionerRole",
        "RelatedPerson",
        "Organization",
        "Location",
        "Device",
        "Composition",
    }
)


@step("confidential", "ccda")
def confidential(node: Element, translation: Translation, resource: Resource) -> None:
    """The document is as confidential as the most confidential of its parts, and what a part became as that part."""
    own = _level(node)
    levels = [own, *(_level(one.node) for one in sections(translation))]
    for section, level in zip(sections(translation), levels[1:], strict=True):
        for reference in section.references if level > max(own, _NORMAL) else ():
            _label(translation.find(reference), level)
    for made in translation.resources if own > _NORMAL else ():
        if made["resourceType"] not in _NOT_SAID_HERE:
            _label(made, own)
    if max(levels) >= _NORMAL:
        _label(translation.latest("Composition"), max(levels))


def _level(node: Element) -> int:
    code = node.first("confidentialityCode")
    said = code.look("code").upper() if code is not None else ""
    if code is None or said not in LEVELS:
        return 0
    if LEVELS.index(said) > _NORMAL:
        code.read("code")
    return LEVELS.index(said)


def _label(resource: Resource | None, level: int) -> None:
    if resource is not None:
        meta = resource.setdefault("meta", {})
        meta["security"] = united([*meta.get("security", ()), label(LEVELS[level])])


@converter("confidentiality", "ccda")
def confidentiality(node: Any, translation: Translation) -> str:
    """The level of confidentiality, where it is one."""
    said = str(node.read("code")).upper()
    for name in ("codeSystem", "codeSystemName", "displayName"):
        node.read(name)
    if said not in LEVELS:
        raise NotConvertedError("code-unknown", concept=said)
    return said
