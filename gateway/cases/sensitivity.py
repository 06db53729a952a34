"""Which labels the resources of a submission bear, beside those that were sent: by their codes, and by who sends."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

from marshmallow import Schema, fields, validate

from gateway.cases.evidence import Resource, values
from gateway.core.labels import GUARDED, LEVELS, Label, high_water, label, labelled, labels_of
from gateway.core.outcome import BASE
from gateway.core.submission import Sender
from gateway.core.table import MAPPINGS, load

_CODES: Final = "codes"
_LABEL: Final = "label"
_CODED: Final = ("type", "code", "category")
_FORMATS: Final = f"{BASE}/CodeSystem/so-source-format"
_GUARDED: Final = {code.casefold(): code for code in GUARDED}  # whatever system a sender names beside such a label
Coding = tuple[str, str, str]


class _CodingSchema(Schema):
    system = fields.String(required=True)
    code = fields.String(required=True)


class _RowSchema(Schema):
    label = fields.String(required=True, validate=validate.OneOf((*GUARDED, *LEVELS)))
    about = fields.String(required=True)
    at = fields.String(load_default=_CODES, validate=validate.OneOf((_CODES, _LABEL)))
    coding = fields.Nested(_CodingSchema, required=True)


class _TableSchema(Schema):
    rows = fields.List(fields.Nested(_RowSchema), required=True)


@cache
def _table() -> dict[Coding, str]:
    rows = load(MAPPINGS / "cases" / "sensitivity.yaml", _TableSchema())["rows"]
    return {(one["at"], one["coding"]["system"], one["coding"]["code"]): one["label"] for one in rows}


def sensitive(resources: Sequence[dict[str, Any]], sender: Sender) -> list[dict[str, Any]]:
    """The resources with the labels that their codes call for and those agreed with the sender; raises
    MappingTableError.

    What a report rests on bears the labels of the report. The original, its account and the index of a document hold
    something of everything, so they bear what anything bears.
    """
    agreed = [label(code) for code in sender.labels]
    marks = {_place(one): list(_called_for(one)) for one in resources}
    for report in resources:
        if report["resourceType"] == "DiagnosticReport" and marks[_place(report)]:
            for target in values(report, "result.reference"):
                marks.setdefault(target, []).extend(marks[_place(report)])
    made = [labelled(one, [*marks[_place(one)], *agreed]) for one in resources]
    whole = high_water(made)
    return [labelled(one, whole) if _is_whole(one) else one for one in made]


def _called_for(resource: Resource) -> Iterator[Label]:
    for at, codings in ((_CODES, _codings(resource)), (_LABEL, _said(resource))):
        for coding in codings:
            if found := _table().get((at, coding.get("system", ""), coding.get("code", ""))):
                yield label(found)
    for one in _said(resource):
        if one == label(one.get("code", "")):
            yield one
        elif code := _GUARDED.get(one.get("code", "").casefold()):
            yield label(code)


def _said(resource: Resource) -> list[Label]:
    """What the sender says of how it is to be handled, wherever R4 has a place for that."""
    found = [*labels_of(resource)]
    match resource["resourceType"]:
        case "DocumentReference":
            said = (one for one in values(resource, "securityLabel.coding") if isinstance(one, Mapping))
            found += ({"system": one.get("system", ""), "code": one.get("code", "")} for one in said)
        case "Consent":  # a consent that names what it is about tells that there is such
            for place in ("provision.securityLabel", "provision.provision.securityLabel"):
                found += (dict(one) for one in values(resource, place) if isinstance(one, Mapping))
        case "Composition":
            found += (label(code) for code in values(resource, "confidentiality"))
    return found


def _codings(resource: Resource) -> Iterable[Mapping[str, Any]]:
    for element in filter(resource.__contains__, _CODED):  # few are there
        yield from (one for one in values(resource.get(element), "coding") if isinstance(one, Mapping))


def _is_whole(resource: Resource) -> bool:
    match resource["resourceType"]:
        case "Composition":
            return True
        case "Provenance":
            return "entity" in resource
        case "DocumentReference":
            return any(one.get("system") == _FORMATS for one in _codings(resource))
    return False


def _place(resource: Resource) -> str:
    return f"{resource['resourceType']}/{resource['id']}"
