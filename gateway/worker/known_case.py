"""Whose appointment it is where it names a case and no patient, and whether it is older than what is known of it."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection

from gateway.cases.case import NUMBER
from gateway.cases.evidence import values
from gateway.cases.visits import is_unnamed, named_for
from gateway.core import fhirjson
from gateway.core.errors import AmbiguousPatientError, GoneError, NotFoundError, UnnamedPatientError
from gateway.core.outcome import BASE
from gateway.store import cases, resources

Resource = dict[str, Any]
_SEQUENCE: Final = f"{BASE}/StructureDefinition/so-sequence"


def with_patients(connection: Connection, made: Sequence[Resource], clinic: str) -> list[Resource]:
    """The resources, each appointment of nobody with the patient of the case whose number it says.

    A number counts only for the clinic whose case it is. Raises UnnamedPatientError, AmbiguousPatientError.
    """
    return [named_for(one, _patient(connection, one, clinic)) if is_unnamed(one) else one for one in made]


def outdated(connection: Connection, made: Sequence[Resource]) -> set[tuple[str, str]]:
    """The appointments of which a higher SEQUENCE is known, be it that it came earlier."""
    appointments = (one for one in made if one["resourceType"] == "Appointment" and _sequence(one) is not None)
    return {("Appointment", one["id"]) for one in appointments if _is_older(connection, one)}


def _patient(connection: Connection, appointment: Resource, clinic: str) -> str:
    numbers = {one["value"] for one in appointment.get("identifier", ()) if one.get("system") == NUMBER}
    patients = set(_patients(connection, numbers, clinic))
    told = [(appointment["id"], "")]
    if len(patients) > 1:
        raise AmbiguousPatientError(told=told)
    if not patients or "" in patients:
        raise UnnamedPatientError(told=told)
    return f"Patient/{patients.pop()}"


def _patients(connection: Connection, numbers: set[str], clinic: str) -> Iterator[str]:
    """The patients of the clinic's cases of these numbers; the empty text for a number that is none of them."""
    for number in numbers:
        try:
            case = cases.find(connection, number)
        except NotFoundError:
            yield ""
        else:
            yield case.patient if case.clinic == clinic else ""


def _sequence(appointment: Resource) -> int | None:
    extensions = values(appointment, "extension")
    return next((one["valueUnsignedInt"] for one in extensions if one.get("url") == _SEQUENCE), None)


def _is_older(connection: Connection, appointment: Resource) -> bool:
    try:
        held = fhirjson.read_own(resources.read(connection, "Appointment", appointment["id"]).body)
    except (NotFoundError, GoneError):
        return False
    return (_sequence(held) or 0) > (_sequence(appointment) or 0)
