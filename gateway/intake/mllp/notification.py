"""MDM^T02: a consult note of ours to who asked in HL7 v2, its bytes as they are, under the numbers of the referral."""

import re
from base64 import b64decode
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from gateway.cases.case import NUMBER
from gateway.cases.opinion import CONSULTATION
from gateway.core.outcome import BASE
from gateway.intake.mllp.acknowledgment import order_in
from gateway.intake.mllp.header import Header, read_header, read_headers
from gateway.intake.mllp.writing import can_say, escaped, joined, message, msh, segment, segments_of, time_of

Resource = Mapping[str, Any]
_CODE: Final = CONSULTATION[1]
_ADDRESS: Final = f"{BASE}/fhir/DocumentReference"
_NPI: Final = "http://hl7.org/fhir/sid/us-npi"
_KIND: Final = "CN"  # table 0270: consultation
_TEXT, _OTHER = "TX", "AP"  # table 0191: machine readable text, other application data
_AUTHENTICATED, _DOCUMENTED = "AU", "DO"  # table 0271, which says of a note what its docStatus does
_AVAILABLE: Final = "AV"  # table 0273
_FINAL: Final = ("final", "amended")
_FORMATTED, _EMBEDDED, _POINTER = "FT", "ED", "RP"
_NO_VISIT: Final = "N"  # table 0004: not applicable
_LONGEST_TEXT: Final = 65_536  # characters of an FT
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_MESSAGE: Final = re.compile(rb"(?:^|(?<=[\r\n]))(?=MSH)")


@dataclass(frozen=True, slots=True)
class Notice:
    """A note that goes out: of which case, since when, the id of its message, who wrote it, the referral's numbers."""

    case: str
    at: datetime
    id: str
    note: Resource
    author: Resource | None = None
    numbers: Collection[str] = ()


def document_notification(body: bytes, said: Notice) -> bytes:
    """The note as MDM^T02 to whoever sent a referral or an order; empty where nobody can tell for whom it is."""
    asked = _asked(body, said.numbers)
    header = read_header(asked)
    if header is None or header.is_batch:
        return b""
    patient, order = order_in(header, asked, said.numbers)
    contents = list(_contents(header, said.note))
    if not patient or not contents:
        return b""
    kind = ["MDM", "T02", "MDM_T02"] if header.version >= (2, 4) else ["MDM", "T02"]
    return message(
        [
            msh(header, kind, id=said.id, at=said.at, accept="AL"),
            segment(header, ["EVN", "T02", time_of(said.at)]),
            *patient,
            next(iter(segments_of(header, asked, b"PV1")), segment(header, ["PV1", "1", _NO_VISIT])),
            segment(header, _txa(header, said, _referral_number(header, asked) or order.get(2, ""), contents[0][0])),
            *(_obx(header, n, one, said.note) for n, one in enumerate(contents, 1)),
        ]
    )


def _asked(body: bytes, numbers: Collection[str]) -> bytes:
    """The message that asked; of several the one that bears a number of the referral, and none where none does."""
    if len(read_headers(body)) < 2:
        return body
    marks = [re.escape(number.encode()) for number in numbers if number]
    mine = re.compile(rb"(?:^|[\r\n])(?:RF1|ORC|OBR)[^\r\n]*\W(?:%b)\b" % b"|".join(marks or [b"(?!)"]))
    found = [one for one in _MESSAGE.split(body) if one.startswith(b"MSH") and mine.search(one)]
    return found[0] if len(found) == 1 else b""


def _referral_number(header: Header, body: bytes) -> str:
    """The number that a referral bears (RF1-6), as it was sent."""
    for one in segments_of(header, body, b"RF1"):
        fields = one.decode("latin-1").split(header.delimiters.field)
        return fields[6] if len(fields) > 6 else ""
    return ""


def _txa(header: Header, said: Notice, placer: str, kind: str) -> list[str]:
    fields = ["TXA", "1", _KIND, _TEXT if kind == _FORMATTED else _OTHER, *[""] * 16]
    if "date" in said.note:
        fields[4] = time_of(datetime.fromisoformat(said.note["date"]))
    fields[9] = _author(header, said.author, said.note)
    fields[12] = _entity(header, said.note.get("masterIdentifier", {}), said.note["id"])
    fields[14] = placer
    fields[15] = joined(header, [said.case, "", NUMBER, "URI"])
    fields[17] = _AUTHENTICATED if said.note.get("docStatus") in _FINAL else _DOCUMENTED
    fields[19] = _AVAILABLE
    return fields


def _author(header: Header, author: Resource | None, note: Resource) -> str:
    """XCN: a family name and the first given one, with the NPI if there is one; or what the note calls its author."""
    name: Resource = next(iter((author or {}).get("name", ())), {})
    if "family" in name:
        npi = [one["value"] for one in (author or {}).get("identifier", ()) if one.get("system") == _NPI]
        given = next(iter(name.get("given", ())), "")
        parts = [*(npi or [""])[:1], name["family"], given, *([""] * 9 + ["NPI"] if npi else [])]
    else:
        parts = ["", next((one["display"] for one in note.get("author", ()) if "display" in one), "")]
    return joined(header, [escaped(header, part) for part in parts]) if any(parts) else ""


def _entity(header: Header, identifier: Resource, id: str) -> str:
    """EI: the number of the document, or our own address of it."""
    value, system = identifier.get("value", id), identifier.get("system", "" if identifier else _ADDRESS)
    oid = system.removeprefix("urn:oid:")
    kind = "" if not system else "ISO" if oid != system else "URI"
    parts = [value, "", oid, kind] if kind else [value]
    return joined(header, [escaped(header, part) for part in parts])


def _obx(header: Header, n: int, content: tuple[str, str], note: Resource) -> bytes:
    status = "P" if note.get("docStatus") == "preliminary" else "F"  # table 0085
    kind, value = content
    concept = joined(header, [_CODE, "Consult note", "LN"])
    return segment(header, ["OBX", str(n), kind, concept, "", value, *[""] * 5, status])


def _contents(header: Header, note: Resource) -> Iterator[tuple[str, str]]:
    """Each content as OBX-2 and OBX-5: a text as lines where that says it exactly, other bytes as base64."""
    attachments: Iterable[Resource] = (one.get("attachment", {}) for one in note.get("content", ()))
    for one in attachments:
        media = one.get("contentType", "application/octet-stream").partition(";")[0]
        main, _, sub = (escaped(header, part) for part in media.partition("/"))
        if "data" in one:
            text = _text(header, b64decode(one["data"])) if media == "text/plain" else None
            if text is not None:
                yield _FORMATTED, text
            else:
                yield _EMBEDDED, joined(header, ["", main, sub, *_encoded(header, one["data"])])
        elif "url" in one:
            yield _POINTER, joined(header, [escaped(header, one["url"]), "", main, sub])


def _encoded(header: Header, content: str) -> tuple[str, str]:
    """Base64 as it stands; among delimiters that are letters of it nobody could tell, so there it is hex."""
    signs = header.delimiters
    taken = {signs.field, signs.component, signs.repetition, signs.escape, signs.subcomponent}
    return ("Base64", content) if taken.isdisjoint("+/=") else ("Hex", b64decode(content).hex().upper())


def _text(header: Header, body: bytes) -> str | None:
    """The text as FT; None where its lines would not say every byte of it."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    exact = text == text.strip() and not _CONTROL.search(text) and can_say(header, text)
    return escaped(header, text) if text and exact and len(text) <= _LONGEST_TEXT else None
