"""Who may say who a patient is: what a later submission may change of a Patient that we know (policy V6)."""

from collections.abc import Set
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection

from gateway.core import fhirjson, r4
from gateway.core.errors import GoneError, NotFoundError
from gateway.core.issue import Issue, Severity
from gateway.core.ledger import CLEARED, State, without
from gateway.core.outcome import BASE, Outcome, is_test
from gateway.core.submission import Sender
from gateway.store import matches, resources
from gateway.translate.policy import policy

Resource = dict[str, Any]
_TAGS: Final = f"{BASE}/CodeSystem/so-tag"
# What a Patient is marked with, by the weight of its source: any, an ADT message, one of an authoritative sender.
_MARKS: Final = ("", "demographics-adt", "demographics-authoritative")
# Events whose message holds a person's whole record; of any other an empty field says nothing.
_SNAPSHOTS: Final = frozenset(f"hl7v2:ADT^{event}" for event in ("A01", "A04", "A05", "A08", "A28", "A31"))
_UNLINKS: Final = "hl7v2:ADT^A37"  # two records that were taken for one person's are not
_LEFT: Final = "a source that goes before this one says otherwise"
_APART: Final = frozenset({"resourceType", "id", "meta", "link", "extension"})


def with_demographics(connection: Connection, outcome: Outcome, sender: Sender) -> Outcome:
    """The outcome with each known Patient as it stands from now on; what was not taken is told."""
    if outcome.bundle is None or (how := policy(sender, "demographics_from")) == "all":
        return outcome
    weight = (1 + sender.authoritative) * outcome.kind.startswith("hl7v2:ADT")
    said_of = [entry["resource"] for entry in outcome.bundle.get("entry", ())]
    apart = {one["id"] for one in said_of if one["resourceType"] == "Patient" and outcome.kind == _UNLINKS}
    entries: list[Resource] = []
    for entry in outcome.bundle.get("entry", ()):
        said = entry["resource"]
        if said["resourceType"] == "Patient" and not is_test(said):
            held = _held(connection, said["id"], apart)
            if held is None or (how != "none" and weight >= _weight(held)):
                patient = _replaced(_cleared(held or {}, outcome), said, weight, outcome.kind)
            else:
                patient = _over(held, said)
            outcome = _told(outcome, patient, said)
            entry = {**entry, "resource": patient}
        entries.append(entry)
    bundle = outcome.bundle or {}
    return replace(outcome, bundle={**bundle, "entry": entries}) if entries else outcome


def _replaced(held: Resource, said: Resource, weight: int, kind: str) -> Resource:
    """What was said, over what stays because nothing was said of it: in a message an empty field is no statement."""
    whole = kind in _SNAPSHOTS if weight == len(_MARKS) - 1 else not kind.startswith("hl7v2:")
    patient = _over(said, {name: held[name] for name in ("active", "link") if name in held} if whole else held)
    if not weight:
        return patient
    meta = patient.get("meta", {})
    tags = [one for one in meta.get("tag", ()) if one.get("code") not in _MARKS]
    return {**patient, "meta": {**meta, "tag": [*tags, {"system": _TAGS, "code": _MARKS[weight]}]}}


def _cleared(held: Resource, outcome: Outcome) -> Resource:
    """What is known without what the sender asks to clear: an element, or one of a use, a type or a url."""
    start = f"Patient/{held.get('id')}."
    asked = {one.path.removeprefix(start) for one in outcome.ledger if one.because == CLEARED and one.path}
    left: Resource = {}
    for name, value in held.items() if asked else ():
        if isinstance(value, list):
            value = [one for one in value if not {f"{name}({word})" for word in _words(one)} & asked]
        if value and _stem(name) not in asked:
            left[name] = value
    return left if asked else held


def _words(one: Resource) -> tuple[str, ...]:
    """What tells an entry of a list from the others: its use, its url, the type that it refers to."""
    return str(one.get("use")), str(one.get("url")), str(one.get("reference")).partition("/")[0]


def _over(upper: Resource, lower: Resource) -> Resource:
    """One statement of a person over another, which fills what the first leaves open; links and labels stay."""
    open_ = {name: value for name, value in lower.items() if name not in _APART}
    taken = {_stem(name) for name in upper}
    made = {**upper, **{name: value for name, value in open_.items() if _stem(name) not in taken}}
    urls = {one["url"] for one in upper.get("extension", ())}
    more = {
        "extension": [one for one in lower.get("extension", ()) if one["url"] not in urls],
        "link": [one for one in lower.get("link", ()) if one not in upper.get("link", ())],
    }
    for name, found in more.items():
        if found:
            made[name] = [*upper.get(name, ()), *found]
    labels = upper.get("meta", {}).get("security", [])
    if new := [one for one in lower.get("meta", {}).get("security", ()) if one not in labels]:
        made["meta"] = {**upper.get("meta", {}), "security": [*labels, *new]}
    return made


def _stem(name: str) -> str:
    """What an element states: the forms of a choice, and a primitive's extensions, are one statement."""
    found = r4.element(f"Patient.{name.removeprefix('_')}")
    return found.choice if found and found.choice else name.removeprefix("_")


def _weight(patient: Resource) -> int:
    tags = {one.get("code") for one in patient.get("meta", {}).get("tag", ())}
    return max((weight for weight, mark in enumerate(_MARKS) if mark in tags), default=0)


def _held(connection: Connection, id: str, apart: Set[str]) -> Resource | None:
    """The Patient that we know, without links that are made anew (our own) or no longer hold (`apart`)."""
    try:
        found: Resource = fhirjson.read_own(resources.read(connection, "Patient", id).body)
    except (NotFoundError, GoneError):
        return None
    left = {f"Patient/{one}" for one in {*apart, *matches.linked(connection, id)}}
    links = [one for one in found.pop("link", ()) if one["type"] != "seealso" or one["other"]["reference"] not in left]
    return {**found, "link": links} if links else found


def _told(outcome: Outcome, patient: Resource, said: Resource) -> Outcome:
    """What was said and does not stand: an issue for each element, and no leaf that is said to be in it."""
    left = [name for name, value in said.items() if name not in _APART and patient.get(name) != value]
    if not left:
        return outcome
    places = tuple(f"Patient/{patient['id']}.{name}" for name in left)
    issues = (Issue(Severity.INFORMATION, "demographics-kept", f"Patient.{name}") for name in left)
    ledger = (without(entry, lambda path: path.startswith(places), _LEFT, State.IGNORED) for entry in outcome.ledger)
    return replace(outcome, issues=(*outcome.issues, *issues), ledger=tuple(ledger))
