"""The DICOM Object Catalog: the studies that a document rests on, with their series and instances."""

from typing import Any, Final

from gateway.core.study import is_uid
from gateway.translate.ccda.element import Element
from gateway.translate.ccda.elements import absent
from gateway.translate.converter import step
from gateway.translate.studies import named
from gateway.translate.translation import Resource, Translation

_DCM: Final = "http://dicom.nema.org/resources/ontology/DCM"
_OF_DCM: Final = "1.2.840.10008.2.16.4"
_STUDY: Final = "113014"
_SERIES: Final = "113015"
_MODALITY: Final = "121139"
_CLASSES: Final = "1.2.840.10008.2.6.1"  # UIDs as a code system


@step("study_listed", "ccda")
def study_listed(node: Element, translation: Translation, resource: Resource) -> None:
    """A study of the catalog is the study of its UID; what the rows read of its acts stands there too."""
    uid = _uid(node)
    if not uid or node.denied or not _is(node, _STUDY):
        return
    acts = [one for one in node.at("entryRelationship/act") if _is(one, _SERIES) and _uid(one) and not one.denied]
    named(translation, uid, series=[_series(one) for one in acts])


def _series(act: Element) -> dict[str, Any]:
    modalities = [
        {"system": _DCM, "code": one.first("value").look("code")}
        for one in act.at("code/qualifier")
        if one.at("name") and one.first("name").look("code") == _MODALITY and one.at("value")
    ]
    instances = [
        {"uid": _uid(one), "sopClass": {"system": "urn:ietf:rfc:3986", "code": f"urn:oid:{code.look('code')}"}}
        for one in act.at("entryRelationship/observation")
        for code in one.children("code")
        if code.look("codeSystem") == _CLASSES and _uid(one)
    ]
    made = {"uid": _uid(act), "modality": modalities[0] if modalities else absent()}
    return made | ({"instance": instances} if instances else {})


def _is(node: Element, code: str) -> bool:
    return any((one.look("code"), one.look("codeSystem")) == (code, _OF_DCM) for one in node.children("code"))


def _uid(node: Element) -> str:
    roots = (one.look("root") for one in node.children("id") if not one.look("extension"))
    return next(filter(is_uid, roots), "")
