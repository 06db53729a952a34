"""The translator: a parsed record becomes FHIR resources, by the tables of its format; one verb, `translate`."""

from datetime import datetime

from gateway.core.errors import MultiPatientError
from gateway.core.issue import Issue, Severity
from gateway.core.record import Reader, Record
from gateway.core.submission import Sender
from gateway.translate import ccda, dicom, fhir, form, hl7v2, icalendar, ncpdp, plain, sig, x12, xdm
from gateway.translate.mapping import installed
from gateway.translate.origin import Origin, with_origin
from gateway.translate.translation import Translation

__all__ = ["FORMATS", "Origin", "translate"]

# The formats whose converters and steps the tables may name, beside those for all; importing them registers those.
FORMATS = {
    "hl7v2": hl7v2, "ccda": ccda, "fhir": fhir, "form": form, "xdm": xdm, "ncpdp": ncpdp, "x12": x12, "dicom": dicom,
    "icalendar": icalendar,
}  # fmt: skip
FOR_ALL = (plain, sig)


def translate(
    record: Record, format: str, reader: Reader, *, sender: Sender, origin: Origin, received: datetime | None = None
) -> Translation:
    """Run the map of the record's kind. Raises NoMappingError, MultiPatientError."""
    tables = installed(format, reader, sender)
    name, own = tables.root(record.kind)
    translation = Translation(record, tables, sender=sender, scope=sender.clinic)
    if not own and format == "hl7v2":
        translation.issues.append(Issue(Severity.INFORMATION, "message-type-generic", location=record.root.location))
    translation.make(name, record.root)
    _one_patient(translation)
    with_origin(translation, origin, received)
    return translation


def _one_patient(translation: Translation) -> None:
    """One record speaks of one person; several Patients are linked to each other, or what the record is about."""
    patients = [one for one in translation.resources if one["resourceType"] == "Patient"]
    apart = translation.memory.get("several patients", False)
    if len(patients) > 1 and not apart and not all("link" in one for one in patients):
        raise MultiPatientError
