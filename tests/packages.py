"""Packages as a clinic's system would build them: an order, a referral note and a scan, with or without a cover."""

import hashlib
import io
import zipfile
from collections.abc import Mapping

FOLDER = "IHE_XDM/SUBSET01"
RIM = "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"
ORDER = (
    b"MSH|^~\\&|BROOKEHR^2.16.840.1.113883.19.77.5^ISO|BROOKSIDE^2.16.840.1.113883.19.77^ISO|SOGATE|CENTRE|"
    b"20261102094500-0500||OMG^O19^OMG_O19|BK000712|P|2.5.1|||NE|NE|||||360X\r"
    b"PID|1||BR-1187^^^&2.16.840.1.113883.19.77.1&ISO^MR||Brackwater^Lorenz^^^^^L||19580614|M\r"
    b"ORC|NW|BK-4471^BROOKEHR^2.16.840.1.113883.19.77.5^ISO|||||||20261102094500-0500|||"
    b"1234567893^Brandauer^Odile^^^Dr.^^^CMS&2.16.840.1.113883.4.6&ISO^L^^^NPI\r"
    b"OBR|1|BK-4471^BROOKEHR^2.16.840.1.113883.19.77.5^ISO||57133-1^Referral note^LN||||||||||||"
    b"1234567893^Brandauer^Odile^^^Dr.^^^CMS&2.16.840.1.113883.4.6&ISO^L^^^NPI|||||||||||||||"
    b"C18.7^Malignant neoplasm of sigmoid colon^I10C\r"
)
SCAN = b"%PDF-1.4\n% a page that says nothing\n%%EOF\n"
TYPES = {
    "XML": ("57133-1", "Referral note"),
    "HL7": ("57133-1", "Referral note"),
    "PDF": ("11526-1", "Pathology study"),
}
PLACE = "^^^&amp;2.16.840.1.113883.19.77"
CODES = {
    "classCode": ("41a5887f-8865-4c09-adf7-e362475b143a", "57133-1", "Referral note", "2.16.840.1.113883.6.1"),
    "confidentialityCode": ("f4f85eac-e6cb-4883-b524-f2705394840f", "N", "normal", "2.16.840.1.113883.5.25"),
    "formatCode": ("a09d5840-386c-46f2-b5ad-9c3699a4309d", "house:page", "a page", "House formats"),
}


def package(files: Mapping[str, bytes]) -> bytes:
    """A zip of these files that is the same whenever it is made."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 11, 2, 9, 45, 0)), body, zipfile.ZIP_DEFLATED)
    return held.getvalue()


def xdm(note: bytes, *, name: str = "Brackwater^Lorenz^^^", born: str = "19580614", order: bytes = ORDER) -> bytes:
    """The package of an XDM medium: the note, the order and a scan of a page, and what the cover says of them."""
    documents = {"DOC00001.XML": note, "DOC00002.HL7": order, "DOC00003.PDF": SCAN}
    files = {
        "INDEX.HTM": b"<html><body>A referral</body></html>",
        "README.TXT": b"Made by a clinic that does not exist.\r\n",
        f"{FOLDER}/METADATA.XML": metadata(documents, name, born),
    }
    return package(files | {f"{FOLDER}/{path}": body for path, body in documents.items()})


def metadata(documents: Mapping[str, bytes], name: str, born: str) -> bytes:
    """METADATA.XML over documents of one patient."""
    objects = "".join(_document(n, path, body, name, born) for n, (path, body) in enumerate(documents.items(), 1))
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<lcm:SubmitObjectsRequest xmlns:lcm="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0" xmlns="{RIM}">
<RegistryObjectList>{objects}
<RegistryPackage id="set01">{_slot("submissionTime", "20261102094600")}
{_slot("intendedRecipient", "^^Internet^referrals@centre.example")}
<Name><LocalizedString value="Referral of one patient"/></Name>
{_author("urn:uuid:a7058bb9-b4e4-4307-ba5b-e3f0ab85e12d")}
{_identifier("96fdda7c-d067-4183-912e-bf5ee74998a8", "2.25.77001", "XDSSubmissionSet.uniqueId")}
{_identifier("554ac39e-e3fe-47fe-b233-965d2a147832", "2.16.840.1.113883.19.77.5", "XDSSubmissionSet.sourceId")}
</RegistryPackage>
<Association id="a1" sourceObject="set01" targetObject="doc01"/>
</RegistryObjectList></lcm:SubmitObjectsRequest>
""".encode()


def _document(number: int, path: str, body: bytes, name: str, born: str) -> str:
    kind = {"XML": "text/xml", "HL7": "x-application/hl7-v2+er7", "PDF": "application/pdf"}[path[-3:]]
    sha1 = hashlib.sha1(body, usedforsecurity=False).hexdigest()
    patient = ["PID-3|BR-1187^^^&amp;2.16.840.1.113883.19.77.1&amp;ISO", f"PID-5|{name}", f"PID-7|{born}", "PID-8|M"]
    slots = _slot("creationTime", "20261102") + _slot("languageCode", "en-US") + _slot("URI", path)
    slots += _slot("hash", sha1) + _slot("size", str(len(body))) + _slot("sourcePatientInfo", *patient)
    slots += _slot("sourcePatientId", "BR-1187^^^&amp;2.16.840.1.113883.19.77.1&amp;ISO")
    codes = "".join(_code(*code) for code in CODES.values())
    codes += _code("f0306f51-975f-434e-a61c-c59651d33983", *TYPES[path[-3:]], "2.16.840.1.113883.6.1")
    return f"""<ExtrinsicObject id="doc0{number}" mimeType="{kind}"
 objectType="urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1">
{slots}<Name><LocalizedString value="Document {number} of the referral"/></Name>
{_author("urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d")}{codes}
{_identifier("2e82c1f6-a085-4c72-9da3-8640a32e42ab", f"2.25.7710{number}", "XDSDocumentEntry.uniqueId")}
{_identifier("58a6f841-87b3-4a3e-92fd-a8ffeff98427", f"X-20{PLACE}.8&amp;ISO", "XDSDocumentEntry.patientId")}
</ExtrinsicObject>"""


def _slot(name: str, *values: str) -> str:
    held = "".join(f"<Value>{value}</Value>" for value in values)
    return f'<Slot name="{name}"><ValueList>{held}</ValueList></Slot>'


def _code(scheme: str, code: str, display: str, system: str) -> str:
    return (
        f'<Classification classificationScheme="urn:uuid:{scheme}" nodeRepresentation="{code}">'
        f'{_slot("codingScheme", system)}<Name><LocalizedString value="{display}"/></Name></Classification>'
    )


def _author(scheme: str) -> str:
    slots = _slot("authorPerson", "1234567893^Brandauer^Odile^^^Dr.^^^&amp;2.16.840.1.113883.4.6&amp;ISO")
    slots += _slot("authorInstitution", "Riverbend Oncology^^^^^^^^^2.16.840.1.113883.19.77.9")
    slots += _slot("authorRole", "Oncologist") + _slot("authorTelecommunication", "^^Internet^odile@riverbend.example")
    return f'<Classification classificationScheme="{scheme}" nodeRepresentation="">{slots}</Classification>'


def _identifier(scheme: str, value: str, name: str) -> str:
    return (
        f'<ExternalIdentifier identificationScheme="urn:uuid:{scheme}" value="{value}">'
        f'<Name><LocalizedString value="{name}"/></Name></ExternalIdentifier>'
    )
