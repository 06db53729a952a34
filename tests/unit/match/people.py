"""Invented people for the matching tests, and Hypothesis strategies that make more of them."""

from typing import Any

from hypothesis import strategies as st

OURS = "https://fhir.second-opinion.example/sid/mrn"
CLINIC = "urn:oid:2.999.77.1"
GIVEN = (
    "Alma",
    "Bruno",
    "Carla",
    "Dmitri",
    "Esther",
    "Farid",
    "Greta",
    "Hugo",
    "Ines",
    "Jasper",
    "Keiko",
    "Lorenz",
    "Robert",
)
FAMILY = ("Ashgrove", "Birkwood", "Calloway", "Dunmore", "Eastlake", "Fennimore", "Garrity", "Holbrook", "Ivarsson")
STREETS = ("12 Quarry Lane", "480 Old Mill Road", "7 Harbour Street Apartment 3", "1901 North Vine Avenue")


def patient(
    given: str = "Robert",
    family: str = "Ashgrove",
    born: str = "1961-04-09",
    *,
    id: str = "one",
    gender: str = "male",
    **more: Any,
) -> dict[str, Any]:
    """A Patient with a name, a birth date and a sex; the rest as asked."""
    found: dict[str, Any] = {"resourceType": "Patient", "id": id, "name": [{"family": family, "given": given.split()}]}
    if born:
        found["birthDate"] = born
    if gender:
        found["gender"] = gender
    return {**found, **more}


def identifier(value: str, system: str = CLINIC, type: str = "MR") -> dict[str, Any]:
    """An identifier of a type of v2 table 0203."""
    coding = {"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": type}
    return {"type": {"coding": [coding]}, "system": system, "value": value}


def address(line: str = "12 Quarry Lane", postal: str = "55901") -> dict[str, Any]:
    """A postal address."""
    return {"line": [line], "postalCode": postal}


def phone(value: str = "507-555-0142") -> dict[str, Any]:
    """A telephone number."""
    return {"system": "phone", "value": value}


@st.composite
def households(draw: st.DrawFn) -> dict[str, Any]:
    """A patient with everything that a household shares: address, telephone, payer and member id."""
    year, month, day = draw(st.integers(1930, 1999)), draw(st.integers(1, 12)), draw(st.integers(1, 28))
    return patient(
        draw(st.sampled_from(GIVEN)),
        draw(st.sampled_from(FAMILY)),
        f"{year}-{month:02}-{day:02}",
        gender=draw(st.sampled_from(("male", "female"))),
        address=[address(draw(st.sampled_from(STREETS)))],
        telecom=[phone()],
        identifier=[identifier("MEM-5581", "https://payer.example/members", "MB")],
    )
