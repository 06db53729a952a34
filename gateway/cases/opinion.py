"""The opinion of a case: the consult notes that answer its question, and the FHIR document that carries them."""

import base64
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any, Final

from gateway.cases.case import ABSENT, CENTRE, Case, codeable, numbers, reference
from gateway.cases.evidence import Known, Resource, references, values
from gateway.cases.narrative import person, question, told
from gateway.core import ids
from gateway.core.labels import high_water, labelled
from gateway.core.outcome import BASE

Made = dict[str, Any]
CONSULTATION: Final = ("http://loinc.org", "11488-4")
SYSTEM: Final = f"{BASE}/sid/opinion"
PROFILE: Final = f"{BASE}/StructureDefinition/so-opinion-bundle"
CONCORDANCE: Final = f"{BASE}/StructureDefinition/so-concordance"
NAME: Final = "opinion"
_ORIGINAL: Final = f"{BASE}/sid/submission"
_OUT: Final = ("entered-in-error", "superseded")
_PEOPLE: Final = frozenset({"Patient", "Practitioner", "PractitionerRole", "Organization"})
# What else comes with a resource, since it says nothing without it.
_WITH: Final = {
    "DiagnosticReport": frozenset({"Observation", "Specimen"}),
    "Observation": frozenset({"Observation", "Specimen"}),
}
_TEXT: Final = re.compile(r"text/plain\b")
_GONE: Final = object()
Read = Callable[[str], Resource | None]


def notes(case: Case, known: Known) -> list[Resource]:
    """The consultation notes that name the referral or the case; none of whoever asked, whose own is no second opinion.

    A note is a DocumentReference, or a Composition with the document that it was read from.
    """
    known_by = numbers(case, known.referral)
    every = (*known.of("DocumentReference"), *known.of("Composition"))
    found = (one for one in every if _is_note(one) and not is_ours(one) and _names(one, known.referral, known_by))
    return [one for one in found if not case.clinic or case.clinic not in _senders(one, known)]


def _senders(note: Resource, known: Known) -> set[str]:
    """The clinics that sent a note."""
    told = (one for one in known.of("Provenance") if reference(note)["reference"] in values(one, "target.reference"))
    agents = values(list(told), "agent")
    return {str(name) for one in agents if _is_sender(one) for name in values(one, "who.identifier.value")}


def _is_sender(agent: Resource) -> bool:
    return any(code == "transmitter" for code in values(agent, "type.coding.code"))


def reports(known: Known) -> list[Resource]:
    """The reports of a review: those that say how far they agree with the first, and are not of another question."""
    asked = reference(known.referral)["reference"]
    found = []
    for one in known.of("DiagnosticReport"):
        based = list(values(one, "basedOn.reference"))
        if _is_reviewed(one) and (not based or asked in based) and one.get("status") not in _OUT:
            found.append(one)
    return found


def is_ours(resource: Resource) -> bool:
    """Whether a Composition is the opinion that we put together."""
    identifier = resource.get("identifier", {})
    return isinstance(identifier, Mapping) and identifier.get("system") == SYSTEM


def composition(case: Case, known: Known) -> list[Made]:
    """The Composition of the opinion, once it is returned; none before, nor where no note has come."""
    found, subject = notes(case, known), known.referral.get("subject", {})
    if case.told.task != "completed" or not found or "reference" not in subject:
        return []
    documents = [_document_of(one, known) for one in found]
    diagnoses = [one for one in known.of("Condition") if _is_reviewed(one)]
    parts = (
        ("Question", [known.referral], [f"<p>{escape(_clean(question(known.referral)))}</p>"]),
        ("Opinion", documents, [*map(_words, documents), *_chapters(found)]),
        ("Reports of the review", reports(known), [*map(_words, reports(known))]),
        ("Diagnosis after the review", diagnoses, [*map(_words, diagnoses)]),
    )
    sections = [_section(title, entries, lines) for title, entries, lines in parts if entries]
    whom = f"<p>Patient: {escape(_clean(person(known.at(subject['reference']))))}</p>"
    made: Made = {
        "resourceType": "Composition",
        "id": case.id("Composition", NAME),
        "text": told([whom, *map(_under_title, sections)]),
        "identifier": {"system": SYSTEM, "value": case.number or case.referral},
        "status": _status(found),
        "type": codeable(*CONSULTATION, "Second opinion"),
        "subject": subject,
        **_date(found),
        "author": _authors(found) or [{"display": CENTRE}],
        "title": "Second opinion",
        "section": sections,
    }
    return [labelled(made, high_water((*found, *documents, *reports(known), *diagnoses)))]


def document(composition: Resource, read: Read, at: str, persons: Iterable[str] = ()) -> Made:
    """The opinion as a Bundle of type document; Patients who are the same person are the one Patient in it.

    Nothing is in it but what the Composition names, and the people, results and specimens that belong to that. `read`
    gives the resource at a place, if there is one.
    """
    subject = composition["subject"]["reference"]
    same = {f"Patient/{one}": subject for one in persons}
    chosen = dict(_reached(composition, read, same))
    inside = {*chosen, _place(composition)}
    entries = [_entry(one, inside, same) for one in (composition, *chosen.values())]
    labels = high_water(entry["resource"] for entry in entries)
    return {
        "resourceType": "Bundle",
        "id": ids.stable_id(composition["id"], NAME),
        "meta": {"profile": [PROFILE], **({"security": labels} if labels else {})},
        "identifier": composition["identifier"],
        "type": "document",
        "timestamp": at,
        "entry": entries,
    }


def _is_note(resource: Resource) -> bool:
    codes = ((one.get("system"), one.get("code")) for one in values(resource.get("type"), "coding"))
    return CONSULTATION in codes and resource.get("status") not in _OUT


def _names(resource: Resource, referral: Resource, known_by: set[tuple[str | None, str]]) -> bool:
    related = [*values(resource, "context.related"), *values(resource, "event.detail")]
    own = resource.get("identifier", ())
    identifiers = (*([own] if isinstance(own, Mapping) else own), *values(related, "identifier"))
    named = {(one.get("system"), one.get("value")) for one in identifiers}
    return reference(referral)["reference"] in values(related, "reference") or not known_by.isdisjoint(named)


def _is_reviewed(resource: Resource) -> bool:
    return any(one.get("url") == CONCORDANCE for one in resource.get("extension", ()))


def _document_of(note: Resource, known: Known) -> Resource:
    """The document that a note is: itself, or the one that its Composition was read from."""
    if note["resourceType"] == "DocumentReference":
        return note
    for told_by in known.of("Provenance"):
        if reference(note)["reference"] in values(told_by, "target.reference"):
            sources = set(values(told_by, "entity.what.reference"))
            for one in known.of("DocumentReference"):
                if reference(one)["reference"] in sources and _ORIGINAL in values(one, "identifier.system"):
                    return one
    return note


def _status(found: Sequence[Resource]) -> str:
    """As the notes are; a person has returned the opinion, so what says nothing else is final."""
    said = {one.get("docStatus", one["status"]) for one in found}
    return next((one for one in ("preliminary", "amended") if one in said), "final")


def _date(found: Sequence[Resource]) -> Made:
    days = [str(one["date"]) for one in found if "date" in one]
    return {"date": max(days)} if days else {"_date": ABSENT}


def _authors(found: Sequence[Resource]) -> list[Any]:
    """Whoever wrote the notes, each once, without what only their source says of it."""
    every = [one for note in found for one in note.get("author", ()) if one.keys() & {"reference", "display"}]
    return list({one.get("reference", one.get("display")): one for one in every}.values())


def _section(title: str, entries: Sequence[Resource], lines: Sequence[str]) -> Made:
    return {"title": title, "text": told(lines), "entry": [reference(one) for one in entries]}


def _under_title(section: Resource) -> str:
    return f"<p><b>{escape(section['title'])}</b></p>{_inner(section['text']['div'])}"


def _chapters(found: Iterable[Resource]) -> Iterator[str]:
    """What a structured note says in each of its sections."""
    for section in values(list(found), "section"):
        if div := section.get("text", {}).get("div", ""):
            yield f"<p><b>{escape(_clean(section.get('title', '')))}</b></p>{_inner(div)}"
        yield from _chapters([section])


def _words(resource: Resource) -> str:
    """What a person reads of a part: a note in full where it is text, else how it is known."""
    concept = resource.get("code") or resource.get("type") or {}
    title = concept.get("text") or next(values(concept, "coding.display"), "") or resource["resourceType"]
    said = [title, resource.get("conclusion", ""), *_concordance(resource)]
    attached = map(_attached, values(resource, "content.attachment"))
    return f"<p>{escape(_clean(': '.join(filter(None, said))))}</p>" + "".join(attached)


def _concordance(resource: Resource) -> Iterator[str]:
    for one in resource.get("extension", ()):
        if one.get("url") == CONCORDANCE:
            yield f"difference from the first diagnosis {one.get('valueCode', 'not told')}"


def _attached(attachment: Resource) -> str:
    """A text as it stands; of any other content what proves that it is the one that was sent."""
    if _TEXT.match(attachment.get("contentType", "")) and "data" in attachment:
        text = base64.b64decode(attachment["data"]).decode("utf-8", "replace")
        return f"<pre>{escape(_clean(text))}</pre>"
    facts = (attachment.get("contentType", ""), _sized(attachment), _hashed(attachment))
    return f"<p>{escape(', '.join(filter(None, facts)))}</p>"


def _sized(attachment: Resource) -> str:
    return f"{attachment['size']} bytes" if "size" in attachment else ""


def _hashed(attachment: Resource) -> str:
    return f"SHA-1 {base64.b64decode(attachment['hash']).hex()}" if "hash" in attachment else ""


def _clean(text: str) -> str:
    """XHTML has no control characters."""
    return "".join(one for one in text if one >= " " or one in "\t\n")


def _inner(div: str) -> str:
    return div.partition(">")[2].removesuffix("</div>")


def _reached(start: Resource, read: Read, same: Mapping[str, str]) -> Iterator[tuple[str, Resource]]:
    """What comes with the document, by its place, in the order in which it is named."""
    seen: set[str] = set()
    waiting: list[tuple[Resource, frozenset[str] | None]] = [(start, None)]
    while waiting:
        one, allowed = waiting.pop(0)
        for named in references(one):
            place = same.get(named, named)
            type = place.partition("/")[0]
            if place in seen or not (allowed is None or type in allowed) or (target := read(place)) is None:
                continue
            seen.add(place)
            waiting.append((target, _PEOPLE | _WITH.get(type, frozenset())))
            yield place, target


def _entry(resource: Resource, inside: set[str], same: Mapping[str, str]) -> Made:
    meta = {name: one for name, one in resource.get("meta", {}).items() if name not in ("versionId", "lastUpdated")}
    kept = _within({name: one for name, one in resource.items() if name != "meta"}, inside, same)
    first = {"resourceType": resource["resourceType"], "id": resource["id"]} | ({"meta": meta} if meta else {})
    return {"fullUrl": f"{BASE}/fhir/{_place(resource)}", "resource": first | kept}


def _within(node: Any, inside: set[str], same: Mapping[str, str], *, listed: bool = False) -> Any:
    """The node without references that lead out of the document; what a reference says besides stays."""
    if isinstance(node, list):
        return [left for one in node if (left := _within(one, inside, same, listed=True)) is not _GONE] or _GONE
    if not isinstance(node, Mapping):
        return node
    named = node.get("reference")
    if isinstance(named, str) and not named.startswith("#"):
        place = same.get(named, named)
        rest = {name: one for name, one in node.items() if name != "reference"}
        if place not in inside:
            return rest if rest.keys() & {"display", "identifier"} else _GONE
        return {"reference": place} | rest
    below = {name: _within(one, inside, same) for name, one in node.items()}
    left = {name: one for name, one in below.items() if one is not _GONE}
    stood_on_it = any(one is _GONE and not isinstance(node[name], list) for name, one in below.items())
    return _GONE if not left or (listed and stood_on_it) else left


def _place(resource: Resource) -> str:
    return f"{resource['resourceType']}/{resource['id']}"
