"""The opinion of a case as the store holds it: its document with every byte of the notes, and those by themselves."""

import hashlib
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from sqlalchemy import Connection

from gateway import package
from gateway.cases import opinion
from gateway.casework.assembly import case_of
from gateway.core import fhirjson
from gateway.core.errors import GoneError, NotFoundError
from gateway.core.outcome import is_test
from gateway.store import cases as stored
from gateway.store import outcomes, resources, submissions, withheld
from gateway.store.cases import Case

Resource = dict[str, Any]
_OURS: Final = "Binary/"
_MEDIA_TYPE: Final = re.compile(r"[a-z]+/[a-z0-9.+-]+", re.ASCII)


@dataclass(frozen=True)
class Opinion:
    """The document of a case, and what was attached to its notes."""

    case: Case
    document: Resource

    @property
    def composition(self) -> Resource:
        """What leads it."""
        found: Resource = self.document["entry"][0]["resource"]
        return found

    @cached_property
    def notes(self) -> list[Resource]:
        """The documents that the opinion is."""
        held = (entry["resource"] for entry in self.document["entry"])
        return [one for one in held if one["resourceType"] == "DocumentReference"]

    def author(self, note: Resource) -> Resource | None:
        """Who wrote a note, as far as it is known."""
        held = {f"{one['resourceType']}/{one['id']}": one for one in (e["resource"] for e in self.document["entry"])}
        named = next((str(one["reference"]) for one in note.get("author", ()) if "reference" in one), "")
        found = held.get(named, {})
        return held.get(found.get("practitioner", {}).get("reference", named))

    @cached_property
    def attachments(self) -> list[tuple[str, bytes]]:
        """The media type and the bytes of each content that is here."""
        contents = (content["attachment"] for note in self.notes for content in note.get("content", ()))
        return [(_kind(one.get("contentType", "")), b64decode(one["data"])) for one in contents if "data" in one]


def is_answered(connection: Connection, case: Case) -> bool:
    """Whether the opinion of a case can be read."""
    return _composition(connection, case) is not None


def opinion_of(connection: Connection, case: Case) -> Opinion | None:
    """The opinion of a case; none before it is returned, or while no note has come."""
    composition = _composition(connection, case)
    if composition is None:
        return None
    persons = stored.same_person(connection, {case.patient})

    def read(place: str) -> Resource | None:
        found = held(connection, place)
        return found if found is None or "content" not in found else _with_bytes(connection, found)

    document = opinion.document(composition, read, composition["meta"]["lastUpdated"], sorted(persons))
    names = {(one["resourceType"], one["id"]) for one in (entry["resource"] for entry in document["entry"])}
    return None if withheld.among(connection, names) else Opinion(case, document)


def _composition(connection: Connection, case: Case) -> Resource | None:
    here = case_of(case)
    found = held(connection, f"Composition/{here.id('Composition', opinion.NAME)}")
    if found is None or found["status"] == "entered-in-error" or here.told.task != "completed":
        return None
    return found


def _kind(said: str) -> str:
    """A media type that may stand in a header, whatever a sender called it."""
    return said if _MEDIA_TYPE.fullmatch(said) else "application/octet-stream"


def held(connection: Connection, place: str) -> Resource | None:
    """The resource at a place, unless there is none, or only a test's."""
    type, _, id = place.partition("/")
    if withheld.among(connection, {(type, id)}):  # its consent was withdrawn: it goes out in no opinion
        return None
    try:
        found: Resource = fhirjson.read_own(resources.read(connection, type, id).body)
    except (NotFoundError, GoneError):
        return None
    return None if is_test(found) else found


def _with_bytes(connection: Connection, document: Resource) -> Resource:
    """A document whose bytes are a submission, with them: an address of ours opens for nobody else."""
    contents = [
        {**one, "attachment": _filled(connection, one["attachment"])} if "attachment" in one else one
        for one in document["content"]
    ]
    return {**document, "content": contents}


def _filled(connection: Connection, attachment: Resource) -> Resource:
    submission = str(attachment.get("url", ""))
    if not submission.startswith(_OURS) or outcomes.is_partial(connection, submission.removeprefix(_OURS)):
        return attachment
    whole, _, _ = submissions.original(connection, submission.removeprefix(_OURS), None)
    body = package.document(whole, b64decode(attachment.get("hash", "")))
    if not body:
        return attachment
    sha1 = hashlib.sha1(body, usedforsecurity=False).digest()
    facts = {"data": b64encode(body).decode(), "size": len(body), "hash": b64encode(sha1).decode()}
    return {name: one for name, one in attachment.items() if name != "url"} | facts
