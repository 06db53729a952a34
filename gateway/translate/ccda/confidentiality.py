"""How confidential a document and its parts are."""

from typing import Any, Final

from gateway.translate.ccda.element import Element
from gateway.translate.ccda.sections import sections
from gateway.translate.converter import NotConvertedError, converter, step
from gateway.translate.translation import Resource, Translation

_CONFIDENTIALITY: Final = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
_LEVELS: Final = ("U", "L", "M", "N", "R", "V")
_NORMAL: Final = _LEVELS.index("N")


@step("confidential", "ccda")
def confidential(node: Element, translation: Translation, resource: Resource) -> None:
    """The document is as confidential as the most confidential of its parts, and what a part became as that part."""
    own = _level(node)
    levels = [own, *(_level(one.node) for one in sections(translation))]
    for section, level in zip(sections(translation), levels[1:], strict=True):
        for reference in section.references if max(own, level) > _NORMAL else ():
            _label(translation.find(reference), max(own, level))
    if max(levels) >= _NORMAL:
        _label(translation.latest("Composition"), max(levels))


def _level(node: Element) -> int:
    code = node.first("confidentialityCode")
    said = code.look("code").upper() if code is not None else ""
    if code is None or said not in _LEVELS:
        return 0
    if _LEVELS.index(said) > _NORMAL:
        code.read("code")
    return _LEVELS.index(said)


def _label(resource: Resource | None, level: int) -> None:
    label = {"system": _CONFIDENTIALITY, "code": _LEVELS[level]}
    if resource is not None:
        held = resource.setdefault("meta", {}).setdefault("security", [])
        if label not in held:
            held.append(label)


@converter("confidentiality", "ccda")
def confidentiality(node: Any, translation: Translation) -> str:
    """The level of confidentiality, where it is one."""
    said = str(node.read("code")).upper()
    for name in ("codeSystem", "codeSystemName", "displayName"):
        node.read(name)
    if said not in _LEVELS:
        raise NotConvertedError("code-unknown", concept=said)
    return said
