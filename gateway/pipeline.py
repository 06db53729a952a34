"""The pure corridor: bytes become an outcome. The order of the steps is known here and nowhere else."""

import binascii
import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from gateway import cases, package
from gateway.core import ids, labels, ledger
from gateway.core.errors import ConsentError, GatewayError, StartupError, ValidationError
from gateway.core.issue import REFUSED, Issue, Severity
from gateway.core.outcome import BASE, HEAVY, Outcome, Record, as_test
from gateway.core.submission import Sender
from gateway.package import Part
from gateway.parse import formats, hl7v2
from gateway.parse.ccda.subject import subject
from gateway.translate import Origin, mapping, translate
from gateway.translate.mapping import installed
from gateway.translate.mentions import contradictions, unite
from gateway.translate.sender import Senders
from gateway.translate.table import Row
from gateway.validate import validate_bundle

UNKNOWN_KIND: Final = "unknown"
_NOBODY: Final = Sender()
_KNOWING_THE_WAY_UP: Final = frozenset({"hl7v2", "ccda"})  # the formats whose parts hold what they are parts of
_NONE: Final[Mapping[str, GatewayError]] = MappingProxyType({})
_TOLD_OTHERWISE: Final = "a later record of the same submission says otherwise"


def process(
    body: bytes,
    *,
    media_type: str | None = None,
    sender: Sender = _NOBODY,
    received: datetime | None = None,
    judge: bool = True,
    apart: Mapping[str, GatewayError] = _NONE,
) -> Outcome:
    """Parse, translate, assemble the case, validate. Bad input gives an outcome with its error, never an exception.

    A record of several that stands at a place of `apart` is set aside for that error, one that is invalid for being so.
    """
    convert = partial(_converted, body, media_type, sender, received, apart)
    with _uncollected():
        outcome = _judged(_marked(convert()), judge)
        if outcome.records and outcome.error is None and not outcome.sound:
            # Which of them it is shows when each is judged by itself. It is rare, so the work may be done again.
            rest = _judged(_marked(convert(partial(_alone, judge=judge))), judge)
            outcome = rest if rest.sound else outcome
    return replace(outcome, mapping=mapping.version(sender), inside=tuple(_inside(outcome)))


def _inside(outcome: Outcome) -> Iterator[tuple[str, dict[str, Any]]]:
    """For each C-CDA document that came inside something else: whose it is here, and whose by its own word."""
    made = [entry["resource"] for entry in (outcome.bundle or {}).get("entry", ())]
    patients = [one["id"] for one in made if one["resourceType"] == "Patient"]
    for one in made:
        for said in filter(None, map(_subject, _attachments(one))):
            alone = patients[0] if len(patients) == 1 else ""
            if whose := one.get("subject", {}).get("reference", "").removeprefix("Patient/") or alone:
                yield whose, said


def _attachments(one: dict[str, Any]) -> list[dict[str, Any]]:
    match one["resourceType"]:
        case "Binary":
            return [one]
        case "DiagnosticReport":
            return list(one.get("presentedForm", ()))
        case "DocumentReference":
            return [content.get("attachment", {}) for content in one.get("content", ())]
    return []


def _subject(attachment: dict[str, Any]) -> dict[str, Any] | None:
    if "xml" not in attachment.get("contentType", "") or not attachment.get("data"):
        return None
    try:
        return subject(binascii.a2b_base64(attachment["data"]))
    except binascii.Error:
        return None


@contextmanager
def _uncollected() -> Iterator[None]:
    """No search for garbage: nearly all that a submission makes stands until its end, and the search took a third."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:  # whoever found it off leaves it off, so that threads do not keep it off
            gc.enable()


def prepare() -> None:
    """Load and check every table, so that the first submission need not; raises MappingTableError."""
    for format in formats.FORMATS:
        installed(format.tables, format.reader).check()
    mapping.version()


def _converted(
    body: bytes,
    media_type: str | None,
    sender: Sender,
    received: datetime | None,
    apart: Mapping[str, GatewayError],
    settle: Callable[[Outcome, str], Outcome] = lambda part, _: part,
) -> Outcome:
    try:
        format = formats.detect(body)
    except GatewayError as error:
        return Outcome(UNKNOWN_KIND, None, (), (), error)
    try:
        if format.name == "xdm":
            parts = package.parts(body, sender)
        else:
            parts = [Part(format, record) for record in formats.records(format, body, sender.charset)]
    except GatewayError as error:
        return Outcome(f"{format.name}:{UNKNOWN_KIND}", None, (), (), error)
    if not formats.agrees(format, media_type):
        parts[-1].record.issues.append(Issue(Severity.INFORMATION, "media-type-differs"))
    digest = ids.digest(body)
    origin = Origin(submission_id(digest, sender), digest, len(body), formats.media_type(format, body))
    if format.name == "xdm":
        return _of_package(parts, sender, origin, received)
    made = [
        _cased(_translated(part, sender, replace(origin, part=number), received), sender, received)
        for number, part in enumerate(parts)
    ]
    if len(made) == 1:
        return made[0]
    places = [part.record.place for part in parts]
    kept = [
        _set_aside(one, place, apart[place]) if place in apart else settle(one, place)
        for one, place in zip(made, places, strict=True)
    ]
    records = {
        place: Record(cases.told(_resources(left)), *(() if place in apart else _needs(one)))
        for one, left, place in zip(made, kept, places, strict=True)
    }
    return replace(_joined(kept, places), records=records)


def _needs(part: Outcome) -> tuple[tuple[type[ConsentError], ...], tuple[dict[str, Any], ...]]:
    """For what a record, be it sound or not, needs a consent, and whose."""
    needs = tuple(cases.holds(_resources(part)))
    return needs, tuple(one for one in _resources(part) if needs and one["resourceType"] == "Patient")


def _alone(part: Outcome, place: str, judge: bool) -> Outcome:
    """A record of several, set aside when it cannot stand by itself."""
    judged = _judged(_marked(part), judge)
    return part if part.error or judged.sound else _set_aside(judged, place, ValidationError())


def _set_aside(part: Outcome, place: str, error: GatewayError) -> Outcome:
    """A record of which nothing is kept but its bytes; what was found in it is told, and stops no other.

    Of one that waits for a consent nothing is told but that.
    """
    if isinstance(error, ConsentError):
        return Outcome(part.kind, None, (), (), error)
    issues = (
        one._replace(severity=Severity.WARNING, location=one.location or place) if one.severity in HEAVY else one
        for one in part.issues
    )
    return Outcome(part.kind, None, tuple(issues), package.unsaid([part]), part.error or error)


def _of_package(parts: list[Part], sender: Sender, origin: Origin, received: datetime | None) -> Outcome:
    """What a package says as a whole; where an order in it is for test, all of it is."""
    made: list[Outcome] = []
    for number, part in enumerate(parts):
        if any(_is_for_test(outcome) for outcome in made[:1]):
            sender = replace(sender, clinic=f"{sender.clinic.removesuffix('/test')}/test")
        said = _translated(part, sender, replace(origin, part=number), received)
        made.append(package.placed(said, part))
    kind, places = parts[-1].record.kind, [part.place or part.record.place for part in parts]
    try:
        joined = _joined(package.together(made, places, origin.id), places[::-1])
    except GatewayError as error:
        return Outcome(kind, None, tuple(issue for one in made for issue in one.issues), package.unsaid(made), error)
    return _cased(replace(joined, kind=kind), sender, received)


def open_senders(folder: Path | None = None) -> Senders:
    """The overlays of a folder, the rows that they add compiled; raises MappingTableError."""
    return Senders(folder, _check_rows)


def _check_rows(name: str, file: str, rows: tuple[Row, ...]) -> None:
    """Overlays say in rows what only HL7 v2 has: segments of the sender's own (policy V14)."""
    installed("hl7v2", hl7v2.reader).check_rows(name, file, rows)


def submission_id(digest: str, sender: Sender) -> str:
    """The id of a submission: the same bytes from the same clinic are the same submission."""
    return ids.stable_id("submission", sender.clinic, digest)


def _translated(part: Part, sender: Sender, origin: Origin, received: datetime | None) -> Outcome:
    format, record = part.format, part.record
    try:
        said = translate(record, format.tables, format.reader, sender=sender, origin=origin, received=received)
    except StartupError:
        raise  # a table that is wrong is our fault, not the sender's
    except GatewayError as error:
        silent = ledger.Ledger().close(record.leaves())
        return Outcome(record.kind, None, tuple(record.issues), silent, error)
    entries = said.ledger.close(record.leaves())
    if format.name in _KNOWING_THE_WAY_UP:
        record.cut()
    return Outcome(record.kind, _bundle(said.resources, origin.id), tuple(said.issues), entries)


def _cased(outcome: Outcome, sender: Sender, received: datetime | None) -> Outcome:
    """The outcome with the Task of a case for each of its referrals, all of it labelled when it is for test."""
    if outcome.bundle is None:
        return outcome
    said = _resources(outcome)
    made = cases.sensitive(cases.assemble(said, sender=sender, received=received), sender)
    assembled = frozenset(f"{one['resourceType']}/{one['id']}" for one in made[len(said) :])
    if _is_for_test(outcome):
        made = [as_test(resource) for resource in made]
    bundle = {**outcome.bundle, "entry": _entries(made)}
    return replace(outcome, bundle=bundle, assembled=assembled)


def _is_for_test(outcome: Outcome) -> bool:
    return any(issue.code == "test-data" for issue in outcome.issues)


def _bundle(resources: list[dict[str, Any]], submission: str) -> dict[str, Any]:
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "identifier": {"system": f"{BASE}/sid/submission", "value": submission},
        "entry": _entries(resources),
    }


def _entries(resources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"fullUrl": f"{BASE}/fhir/{one['resourceType']}/{one['id']}", "resource": one} for one in resources]


def _resources(outcome: Outcome) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in (outcome.bundle or {}).get("entry", ())]


def _joined(parts: list[Outcome], places: list[str]) -> Outcome:
    """A batch or a sheet: one outcome over its records, each thing once, as the last record has it.

    A record that is refused costs no other: the issue says which it is and why. When all are, so is the submission.
    """
    if len(parts) == 1:
        return parts[0]
    entries: dict[str, dict[str, Any]] = {}
    issues = [issue for part in parts for issue in part.issues]
    refused = [(part.error, place) for part, place in zip(parts, places, strict=True) if part.error]
    whole = refused[0][0] if len(refused) == len(parts) else None
    issues += (Issue(Severity.WARNING, REFUSED, rule=error.code, location=place) for error, place in refused)
    lines: list[ledger.Entry] = []
    for part in parts:
        for entry in part.bundle["entry"] if part.bundle else []:
            held = entries.get(entry["fullUrl"])
            if held is not None:
                lost = _told_again(held["resource"], entry["resource"])
                issues += (Issue(Severity.WARNING, "told-otherwise", path) for path in lost.values())
                gone = partial(_stands_at, lost)
                lines = [ledger.without(line, gone, _TOLD_OTHERWISE) for line in lines] if lost else lines
            entries[entry["fullUrl"]] = entry
        lines += part.ledger
    first = next((part.bundle for part in parts if part.bundle), None)
    return Outcome(
        parts[0].kind,
        {**first, "entry": list(entries.values())} if first else None,
        tuple(issues),
        tuple(lines),
        whole,
        assembled=frozenset().union(*(part.assembled for part in parts)),
    )


def _told_again(held: dict[str, Any], later: dict[str, Any]) -> dict[str, str]:
    """Let the later mention keep what the earlier one adds; what it says otherwise: where it stood, and its element."""
    lost = unite(later, held, contradictions(later, held))
    type = held["resourceType"]
    return {f"{type}/{held['id']}.{name}": f"{type}.{name}" for name in lost}


def _stands_at(places: dict[str, str], path: str) -> bool:
    return ".".join(path.split(".", 2)[:2]).partition("[")[0] in places


def _marked(outcome: Outcome) -> Outcome:
    """The bundle bears the highest label of what is in it."""
    if outcome.bundle and (whole := labels.high_water(_resources(outcome))):
        first = {"resourceType": "Bundle", "meta": {"security": whole}}
        return replace(outcome, bundle=first | outcome.bundle)
    return outcome


def _judged(outcome: Outcome, judge: bool) -> Outcome:
    if outcome.bundle is None:
        return outcome
    if not outcome.bundle["entry"]:
        return replace(outcome, bundle={name: value for name, value in outcome.bundle.items() if name != "entry"})
    if not judge:
        return outcome
    return replace(outcome, issues=(*outcome.issues, *validate_bundle(outcome.bundle)))
