"""Objects of DICOM as a clinic's archive and its discs hold them: a slice, a list of key objects, a directory."""

import struct
from collections.abc import Iterable
from io import BytesIO
from uuid import NAMESPACE_DNS, uuid5

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import (
    CTImageStorage,
    ExplicitVRLittleEndian,
    KeyObjectSelectionDocumentStorage,
    MediaStorageDirectoryStorage,
)


def uid(name: str) -> str:
    """A UID that is nobody's: the UUID of a name under the root for such."""
    return f"2.25.{uuid5(NAMESPACE_DNS, f'{name}.invalid').int}"


STUDY = uid("study")
SERIES = uid("series")
LAKE = "2.16.840.1.113883.19.5.1"
BASE = "https://archive.harbor.example/dicomweb"


def written(found: Dataset, syntax: str = ExplicitVRLittleEndian) -> bytes:
    """A file of these elements."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID = found.get("SOPClassUID", MediaStorageDirectoryStorage)
    meta.MediaStorageSOPInstanceUID = found.get("SOPInstanceUID", uid("directory"))
    found.file_meta = meta
    held = BytesIO()
    dcmwrite(held, found, enforce_file_format=True)
    return held.getvalue()


def headed(issuer: str = LAKE, **said: object) -> Dataset:
    """What every object of the study says of patient and study."""
    found = Dataset()
    of_all = {
        "SpecificCharacterSet": "ISO_IR 192",
        "PatientName": "Sandoval^Imelda^Ruth^Ms.",
        "PatientID": "700123",
        "PatientBirthDate": "19610412",
        "PatientSex": "F",
        "StudyInstanceUID": STUDY,
        "StudyDate": "20260302",
        "StudyTime": "101500",
        "StudyID": "S-9",
        "AccessionNumber": "ACC-5512",
        "ReferringPhysicianName": "Okafor^Adaeze",
    }
    for name, value in (of_all | said).items():
        setattr(found, name, value)
    if issuer:
        found.IssuerOfPatientIDQualifiersSequence = [items(UniversalEntityID=issuer, UniversalEntityIDType="ISO")]
    return found


def items(**said: object) -> Dataset:
    """An item of a sequence."""
    found = Dataset()
    for name, value in said.items():
        setattr(found, name, value)
    return found


def slice_(number: int = 1, *, syntax: str = ExplicitVRLittleEndian, **said: object) -> bytes:
    """One slice of a CT series, two pixels wide."""
    of_all = {
        "SOPClassUID": CTImageStorage,
        "SOPInstanceUID": uid(f"slice {number}"),
        "SeriesInstanceUID": SERIES,
        "Modality": "CT",
        "SeriesNumber": "2",
        "SeriesDescription": "Abdomen, portal venous",
        "BodyPartExamined": "ABDOMEN",
        "InstitutionName": "Lakeside Imaging",
        "InstanceNumber": str(number),
        "Rows": 1,
        "Columns": 2,
        "BitsAllocated": 16,
        "PixelData": struct.pack("<2H", 7, 9),
    }
    found = headed(**(of_all | said))
    found.private_block(0x0029, "INVENTED MAKER", create=True).add_new(1, "LO", "how the tube felt")
    found["PixelData"].VR = "OW"
    return written(found, syntax)


def key_objects(*, studies: Iterable[str] = (STUDY,), instances: int = 2, url: str = BASE, **said: object) -> bytes:
    """A list of key objects: which instances of which studies matter, and from where they can be had."""
    found = headed(SOPClassUID=KeyObjectSelectionDocumentStorage, SOPInstanceUID=uid("kos"), Modality="KO", **said)
    found.SeriesInstanceUID = uid("kos series")
    found.InstanceNumber = "1"
    found.ConceptNameCodeSequence = [
        items(CodeValue="x-1", CodingSchemeDesignator="99INV", CodeMeaning="For the referring clinic")
    ]
    found.ContentSequence = [
        items(RelationshipType="CONTAINS", ValueType="TEXT", TextValue="Please look at segment 6.")
    ]
    found.CurrentRequestedProcedureEvidenceSequence = [
        items(
            StudyInstanceUID=study,
            ReferencedSeriesSequence=[
                items(
                    SeriesInstanceUID=SERIES,
                    RetrieveAETitle="HARBOR1",
                    RetrieveURL=f"{url}/studies/{study}/series/{SERIES}",
                    ReferencedSOPSequence=[
                        items(ReferencedSOPClassUID=CTImageStorage, ReferencedSOPInstanceUID=uid(f"slice {number}"))
                        for number in range(1, instances + 1)
                    ],
                )
            ],
        )
        for study in studies
    ]
    return written(found)


def disc() -> bytes:
    """The directory of a disc with one study of one series of one slice."""
    patient = headed()
    for name in ("StudyInstanceUID", "StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName"):
        delattr(patient, name)
    patient.DirectoryRecordType = "PATIENT"
    records = [
        patient,
        items(DirectoryRecordType="STUDY", StudyInstanceUID=STUDY, StudyDate="20260302", AccessionNumber="ACC-5512"),
        items(DirectoryRecordType="SERIES", SeriesInstanceUID=SERIES, Modality="CT", SeriesNumber="2"),
        items(
            DirectoryRecordType="IMAGE",
            ReferencedFileID=["DICOM", "IM1"],
            ReferencedSOPClassUIDInFile=CTImageStorage,
            ReferencedSOPInstanceUIDInFile=uid("slice 1"),
            ReferencedTransferSyntaxUIDInFile=ExplicitVRLittleEndian,
            InstanceNumber="1",
        ),
    ]
    found = Dataset()
    found.FileSetID = "DISC1"
    for record in records:
        record.OffsetOfTheNextDirectoryRecord = 0
        record.RecordInUseFlag = 0xFFFF
        record.OffsetOfReferencedLowerLevelDirectoryEntity = 0
    found.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity = 0
    found.DirectoryRecordSequence = records
    begins = places(written(found))
    found.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity = begins[0]
    for record, below in zip(records, begins[1:], strict=False):
        record.OffsetOfReferencedLowerLevelDirectoryEntity = below
    return written(found)


def places(body: bytes) -> list[int]:
    """Where the records of a directory begin."""
    mark = struct.pack("<HHHH", 0x0004, 0x1220, 0x5153, 0)
    found, at = [], body.index(mark) + 12
    while at + 8 <= len(body):
        found.append(at)
        at += 8 + struct.unpack_from("<L", body, at + 4)[0]
    return found
