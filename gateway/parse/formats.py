"""The formats that we read: the one list, and how the content itself tells which one it is."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.core.errors import UnsupportedFormatError
from gateway.core.record import Reader
from gateway.parse import ccda, dicom, fhir, form, hl7v2, icalendar, ncpdp, tabular, vcf, x12, xdm

MESSAGE_TYPE: Final = "x-application/hl7-v2+er7"
_LOOK: Final = 65_536
_BLANK: Final = b"\x0b \t\r\n\x00"
_MESSAGE = re.compile(rb"(?:MSH|FHS|BHS)[^A-Za-z0-9\r\n]")
_DOCUMENT = re.compile(r"<(?:[\w.-]+:)?ClinicalDocument\b")
_FHIR_XML = re.compile(r"""<[A-Za-z][\w.:-]*\s[^>]*["']http://hl7\.org/fhir["']""")
_PRESCRIPTION = re.compile(r"<(?:[\w.-]+:)?Message\b.*<(?:[\w.-]+:)?NewRx\b", re.DOTALL)
_FORM = re.compile(r'"form"\s*:')
_RESOURCE = re.compile(r'"resourceType"\s*:')


@dataclass(frozen=True, slots=True)
class Format:
    """One format: its name, media types, parser and locators, and the folder of its tables in mappings/."""

    name: str
    media_types: tuple[str, ...]
    parse: Callable[..., Sequence[Any]]
    reader: Reader
    is_it: Callable[[bytes, str], bool]
    tables: str


def _xml(text: str) -> bool:
    return text.startswith("<")


FORMATS: Final = (
    Format(
        "xdm",
        ("application/zip", "application/x-zip-compressed"),
        xdm.parse,
        xdm.reader,
        lambda head, text: xdm.is_package(_bare(head)),
        "xdm",
    ),
    Format(
        "dicom",
        ("application/dicom",),
        dicom.parse,
        dicom.reader,
        lambda head, text: dicom.is_object(head),
        "dicom",
    ),
    Format(
        "hl7v2",
        (MESSAGE_TYPE, "application/hl7-v2+er7", "application/hl7-v2", "text/hl7v2"),
        hl7v2.parse,
        hl7v2.reader,
        lambda head, text: is_message(head),
        "hl7v2",
    ),
    Format(
        "ccda",
        ("application/xml", "text/xml", "application/cda+xml", "application/hl7-cda+xml"),
        ccda.parse,
        ccda.reader,
        lambda head, text: _xml(text) and _DOCUMENT.search(text) is not None,
        "ccda",
    ),
    Format(
        "fhir",
        ("application/fhir+json", "application/fhir+xml", "application/json", "application/xml", "text/xml"),
        fhir.parse,
        fhir.reader,
        lambda head, text: _FHIR_XML.search(text) is not None if _xml(text) else _is_resource(text),
        "fhir",
    ),
    Format(
        "ncpdp",
        ("application/xml", "text/xml"),
        ncpdp.parse,
        ncpdp.reader,
        lambda head, text: _xml(text) and _PRESCRIPTION.search(text) is not None,
        "ncpdp",
    ),
    Format(
        "form",
        ("application/json",),
        form.parse,
        form.reader,
        lambda head, text: text.startswith("{") and _FORM.search(text) is not None,
        "form",
    ),
    Format(
        "vcf",
        ("text/plain", "application/gzip"),
        vcf.parse,
        vcf.reader,
        lambda head, text: vcf.is_variants(head),
        "vcf",
    ),
    Format("x12", ("application/edi-x12",), x12.parse, x12.reader, lambda head, text: x12.is_interchange(text), "x12"),
    Format(
        "icalendar",
        ("text/calendar",),
        icalendar.parse,
        icalendar.reader,
        lambda head, text: icalendar.is_calendar(text),
        "icalendar",
    ),
    Format("tabular", ("text/csv",), tabular.parse, tabular.reader, lambda head, text: tabular.is_sheet(text), "form"),
)


def _is_resource(text: str) -> bool:
    return text.startswith("{") and (_RESOURCE.search(text) is not None or _FORM.search(text) is None)


def detect(body: bytes) -> Format:
    """The format that the content is in; raises UnsupportedFormatError."""
    text = _head(body)
    for one in FORMATS:
        if one.is_it(body[:_LOOK], text):
            return one
    raise UnsupportedFormatError


def is_message(body: bytes) -> bool:
    """Whether the content is a message of HL7 v2."""
    return _MESSAGE.match(_bare(body[:_LOOK])) is not None


def records(format: Format, body: bytes, charset: str = "") -> Sequence[Any]:
    """The records of a body, in the character set agreed with its sender. Raises ParseError or an intake error."""
    return format.parse(body, charset) if format.name == "hl7v2" else format.parse(body)


def agrees(format: Format, media_type: str | None) -> bool:
    """Whether a declared media type fits the format; one that says nothing fits all."""
    said = (media_type or "").partition(";")[0].strip().lower()
    return said in ("", "application/octet-stream", "text/plain") or said in format.media_types


def media_type(format: Format, body: bytes) -> str:
    """The media type that the content has."""
    if format.name == "fhir":
        return "application/fhir+xml" if _xml(_head(body)) else "application/fhir+json"
    if format.name == "vcf" and vcf.is_packed(body):
        return "application/gzip"
    return format.media_types[0]


def _bare(head: bytes) -> bytes:
    """The beginning without what may stand before it."""
    return head.lstrip(b"\xef\xbb\xbf").lstrip(_BLANK)


def _head(body: bytes) -> str:
    """The beginning as text, good enough to tell formats apart."""
    for mark, codec in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"\xef\xbb\xbf", "utf-8")):
        if body.startswith(mark):
            return body[len(mark) : len(mark) + _LOOK].decode(codec, "replace").lstrip()
    return body[:_LOOK].decode("utf-8", "replace").lstrip("\x0b \t\r\n\x00")
