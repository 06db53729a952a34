"""A package and what its documents say together: one person, one referral, each value where its document has it."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, Final

from gateway import cases, match
from gateway.cases.visits import is_unnamed, named_for
from gateway.core import ledger
from gateway.core.errors import GatewayError, PatientConflictError
from gateway.core.issue import REFUSED, Issue, Severity
from gateway.core.outcome import Outcome
from gateway.core.submission import Sender
from gateway.parse import formats, xdm
from gateway.parse.formats import Format
from gateway.translate.mentions import within

Resource = dict[str, Any]
_COVER: Final = formats.FORMATS[0]
_LEAD: Final = "hl7v2"  # an order says what is asked; documents come with it
_VARIANTS: Final = "vcf:VCF"  # which name no patient
_LOST: Final = "the order of the same package says otherwise"


@dataclass(frozen=True, slots=True)
class Part:
    """One record of a package: its format, and the place of its document, which its locators begin with."""

    format: Format
    record: Any
    place: str = ""


def parts(body: bytes, sender: Sender) -> list[Part]:
    """The records of a package, orders first and the cover last. Raises what opening it raises.

    A document that nobody here reads, or that is broken, stays in the package with its bytes.
    """
    (cover,) = xdm.parse(body)
    found: list[Part] = []
    for entry in cover.entries:
        place = cover.place_of(entry)
        try:
            format = formats.detect(entry.body)
        except GatewayError:
            cover.keep(entry)
            continue
        try:
            records = formats.records(format, entry.body, sender.charset)
        except GatewayError as error:
            cover.issues.append(Issue(Severity.WARNING, REFUSED, rule=error.code, location=place))
            cover.keep(entry)
            continue
        found += [Part(format, record, place) for record in records]
    found.sort(key=lambda part: part.format.name != _LEAD)
    return [*found, Part(_COVER, cover)]


def message(body: bytes) -> bytes:
    """The HL7 v2 message that a submission is, or the first of a package; empty when there is none."""
    try:
        bodies = [entry.body for entry in xdm.unpack(body)] if xdm.is_package(body) else [body]
        return next((one for one in bodies if formats.is_message(one)), b"")
    except GatewayError:
        return b""


def document(body: bytes, sha1: bytes) -> bytes:
    """A document that is a submission, or the one with this SHA-1 in a package; empty when it is in none."""
    if not xdm.is_package(body):
        return body
    try:
        found = xdm.unpack(body)
    except GatewayError:
        return b""
    return next((one.body for one in found if hashlib.sha1(one.body, usedforsecurity=False).digest() == sha1), b"")


def placed(outcome: Outcome, part: Part) -> Outcome:
    """The outcome of one record, its locators within the package."""
    if not part.place:
        return outcome
    issues = (one.at(f"{part.place} {one.location}".rstrip()) for one in outcome.issues)
    lines = (line._replace(location=f"{part.place} {line.location}", start=-1, end=-1) for line in outcome.ledger)
    return replace(outcome, issues=tuple(issues), ledger=tuple(lines))


def unsaid(outcomes: Sequence[Outcome]) -> tuple[ledger.Entry, ...]:
    """The account of a package of which nothing was kept but its bytes."""
    lines = (line for outcome in outcomes for line in outcome.ledger)
    return tuple(line._replace(state=ledger.State.UNMAPPED, rule="", path="", because="", also=()) for line in lines)


def together(outcomes: Sequence[Outcome], places: Sequence[str], original: str) -> list[Outcome]:
    """All that was made of a package, of one patient; orders last, since the last word stands.

    Each order is a question, with the notes that name it; a single one has all. Of several, a note that names none asks
    a question of its own. Raises the error of any of its records, and PatientConflictError.
    """
    if error := next((one.error for one in outcomes if one.error is not None), None):
        raise error
    same = _patients(outcomes, places)
    found = (one for outcome in outcomes if _is_order(outcome) for one in _referrals(outcome))
    orders = list({_name(one): one for one in found}.values())
    lost: set[str] = set()
    made = []
    for outcome, place in zip(outcomes, places, strict=True):
        notes = [] if _is_order(outcome) else _referrals(outcome)
        asked = _named(_resources(outcome), orders) if notes and len(orders) > 1 else orders
        for note in notes if asked else ():
            lost |= {f"{_name(order)}.{name}" for order in asked for name in _add(order, note)}
            same[_name(note)] = _name(asked[0])
        made.append(_unnamed(outcome, place) if notes and orders and not asked else outcome)
    made = [renamed(outcome, same, lost) for outcome in made]
    _fill(made, orders, original)
    return made[::-1]


def _named(resources: Iterable[Resource], orders: Sequence[Resource]) -> list[Resource]:
    """The orders that any of these resources names by one of their numbers."""
    numbers = [number for one in resources for number in _numbers(one)]
    return [one for one in orders if any(_is_same(said, own) for own in one.get("identifier", ()) for said in numbers)]


def _numbers(node: Any) -> Iterator[Mapping[str, Any]]:
    """Every number by which a resource refers to something else, wherever it stands, and those of a request itself."""
    if isinstance(node, dict):
        if node.get("resourceType") == "ServiceRequest":
            yield from node.get("identifier", ())
        elif "resourceType" not in node and isinstance(node.get("identifier"), dict):
            yield node["identifier"]
        node = list(node.values())
    for below in node if isinstance(node, list) else ():
        yield from _numbers(below)


def _is_same(number: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether both are one number; where one tells no system, the value decides."""
    systems = {one["system"] for one in (number, other) if "system" in one}
    return len(systems) < 2 and "value" in number and number["value"] == other.get("value")


def _unnamed(outcome: Outcome, place: str) -> Outcome:
    issue = Issue(Severity.WARNING, "order-not-named", location=place)
    return replace(outcome, issues=(*outcome.issues, issue))


def _patients(outcomes: Sequence[Outcome], places: Sequence[str]) -> dict[str, str]:
    """Which Patient each of them is: the first that is told, with whom all others must agree."""
    first, same = None, {}
    for outcome, place in zip(outcomes, places, strict=True):
        for one in (one for one in _resources(outcome) if one["resourceType"] == "Patient"):
            first = first or one
            if not match.agree(first, one):
                raise PatientConflictError(place)
            same[_name(one)] = _name(first)
    return same


def _referrals(outcome: Outcome) -> list[Resource]:
    return [one for one in _resources(outcome) if cases.is_referral(one)]


def _is_order(outcome: Outcome) -> bool:
    return outcome.kind.startswith(f"{_LEAD}:")


def _add(order: Resource, note: Resource) -> Iterator[str]:
    """Let the order take what the note adds to it; gives the elements of which the note says otherwise."""
    for name, value in note.items():
        if name in ("resourceType", "id", "meta"):
            continue
        if name not in order:
            order[name] = deepcopy(value)
            continue
        held = order[name]
        if isinstance(held, list) and isinstance(value, list) and held is not value:
            held += [one for one in value if not any(within(one, there) for there in held)]
        elif held is not value and not within(value, held):
            yield name


def renamed(outcome: Outcome, same: Mapping[str, str], lost: Set[str] = frozenset()) -> Outcome:
    """Every mention under the name of what it is; a referral that the order has taken up stands no more by itself."""
    if outcome.bundle is None:
        return outcome
    entries = []
    for entry in outcome.bundle.get("entry", ()):
        resource = entry["resource"]
        before = _name(resource)
        name = same.get(before, before)
        if name != before and resource["resourceType"] == "ServiceRequest":
            continue
        made = {**_repointed(resource, same), "id": name.partition("/")[2]}
        entries.append({"fullUrl": entry["fullUrl"].removesuffix(before) + name, "resource": made})
    lines = tuple(_line(line, same, lost) for line in outcome.ledger)
    return replace(outcome, bundle={**outcome.bundle, "entry": entries}, ledger=lines)


def _line(line: ledger.Entry, same: Mapping[str, str], lost: Set[str]) -> ledger.Entry:
    def gone(path: str) -> bool:
        moved = _moved(path, same)
        return moved != path and ".".join(moved.split(".", 2)[:2]).partition("[")[0] in lost

    stays = ledger.without(line, gone, _LOST)
    return stays._replace(path=_moved(stays.path, same), also=tuple(_moved(path, same) for path in stays.also))


def _moved(path: str, same: Mapping[str, str]) -> str:
    name, dot, element = path.partition(".")
    return f"{same.get(name, name)}{dot}{element}"


def _repointed(node: Any, same: Mapping[str, str]) -> Any:
    """The same with every reference to where its target now is."""
    if isinstance(node, dict):
        return {
            name: same.get(value, value) if name == "reference" and isinstance(value, str) else _repointed(value, same)
            for name, value in node.items()
        }
    return [_repointed(one, same) for one in node] if isinstance(node, list) else node


def _fill(outcomes: Sequence[Outcome], orders: Sequence[Resource], original: str) -> None:
    """Documents of the cover, and variants, are of the package's patient, stand in the original, and come with the
    orders: with those that they name, or with all; without an order with the referrals of the notes.

    An appointment that leaves its patient open is of that patient too.
    """
    every = [one for outcome in outcomes for one in _resources(outcome)]
    patient = next((_name(one) for one in every if one["resourceType"] == "Patient"), "")
    referrals = [one for outcome in outcomes for one in _referrals(outcome)]
    for entry in (entry for outcome in outcomes for entry in (outcome.bundle or {}).get("entry", ()) if patient):
        if is_unnamed(entry["resource"]):
            entry["resource"] = named_for(entry["resource"], patient)
    of_nobody = [outcome for outcome in outcomes if outcome is outcomes[-1] or outcome.kind == _VARIANTS]
    told = [one for outcome in of_nobody for one in _resources(outcome)]
    for document in (one for one in told if one["resourceType"] in ("DocumentReference", "List")):
        if patient:
            document.setdefault("subject", {"reference": patient})
        for content in document.get("content", ()):
            if "data" not in content["attachment"]:
                content["attachment"].setdefault("url", f"Binary/{original}")
        asked = {_name(one) for one in _named([document], orders) or orders or referrals}
        for referral in (one for one in referrals if "content" in document and _name(one) in asked):
            supporting = referral.setdefault("supportingInfo", [])
            supporting.append({"reference": _name(document)})


def _resources(outcome: Outcome) -> list[Resource]:
    return [entry["resource"] for entry in (outcome.bundle or {}).get("entry", ())]


def _name(resource: Resource) -> str:
    return f"{resource['resourceType']}/{resource['id']}"
