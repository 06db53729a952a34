"""gateway/match/decide.py: whom we link by ourselves, and above all whom we do not."""

import itertools
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from gateway.match import Grade, decide, keys, sought
from tests.unit.match.people import (
    CLINIC,
    FAMILY,
    GIVEN,
    OURS,
    address,
    households,
    identifier,
    patient,
    phone,
)  # fmt: skip

HOME = {"address": [address()], "telecom": [phone()]}


def other(known: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return {**known, "id": "two", **changed}


def is_linked(one: dict[str, Any], two: dict[str, Any]) -> bool:
    return decide(one, [two]).grade is Grade.CERTAIN


# --- links that are safe to make ------------------------------------------------------------------------------


NUMBERED = {"identifier": [identifier("8")]}
OURS_77 = {"identifier": [{"system": OURS, "value": "77"}]}
BY_ADDRESS = "address+name+birth-date"
ONE_PERSON = {
    "our number": (patient(**OURS_77), patient(**OURS_77), "our-mrn+name"),
    "the same": (patient(**HOME), patient(**HOME), BY_ADDRESS),
    "short name": (patient("Bob", **HOME), patient("Robert", **HOME), BY_ADDRESS),
    "accents": (patient("ROBERT", "O'NEILL", **HOME), patient("Róbert", "Oneill", **HOME), BY_ADDRESS),
    "double surname": (patient(family="Vega Luna", **HOME), patient(family="Luna-Vega", **HOME), BY_ADDRESS),
    "address words": (
        patient(address=[address("12 Quarry Lane, Apartment 4")]),
        patient(address=[address("12 QUARRY LN APT 4", "55901-1200")]),
        BY_ADDRESS,
    ),
    "a slip in the street": (patient(**HOME), patient(address=[address("12 Quarrry Lane")]), BY_ADDRESS),
    "a building left out": (
        patient(address=[address("12 Quarry Lane Larch House")]),
        patient(address=[address("12 Quarry Lane")]),
        BY_ADDRESS,
    ),
    "a digit of the postal code": (patient(**HOME), patient(address=[address(postal="55910")]), BY_ADDRESS),
    "a letter of the family name": (patient(family="Ashgroove", **HOME), patient(**HOME), BY_ADDRESS),
    "member id": (
        patient(identifier=[identifier("M1", "https://payer.example", "MB")]),
        patient(identifier=[identifier("m-1", "https://payer.example", "MB")]),
        "member+name+birth-date",
    ),
    "married since": (patient(**NUMBERED), patient(family="Dunmore", **NUMBERED), "mrn+given+birth-date"),
}


@pytest.mark.parametrize(("one", "two", "rule"), ONE_PERSON.values(), ids=ONE_PERSON)
def test_one_person_written_in_two_ways_is_linked(one, two, rule):
    decision = decide(one, [other(two)])
    assert (decision.grade, decision.rule, decision.candidate) == (Grade.CERTAIN, rule, "two")


def test_a_maiden_name_among_the_names_links():
    married = patient("Alma", gender="female", **HOME)
    married["name"].append({"use": "maiden", "family": "Birkwood", "given": ["Alma"]})
    assert is_linked(patient("Alma", "Birkwood", gender="female", **HOME), {**married, "id": "two"})


# --- people who look alike ------------------------------------------------------------------------------------

SOCIAL = {"identifier": [{"system": "http://hl7.org/fhir/sid/us-ssn", "value": "999-41-4417"}]}
TRAPS = {
    "twins": (patient("Carla", **HOME), patient("Marla", id="two", **HOME)),
    "twins with alike names": (patient("Jan", **HOME), patient("Jann", id="two", **HOME)),
    "twins with one short name": (
        patient("Alexander", multipleBirthBoolean=True, **HOME),
        patient("Alex", id="two", multipleBirthBoolean=True, **HOME),
    ),
    "twins with two formal names": (
        patient("Christine", gender="female", **HOME),
        patient("Christina", id="two", gender="female", **HOME),
    ),
    "twins told apart by the middle name": (
        patient("Mary Ann", gender="female", **HOME),
        patient("Mary Beth", id="two", gender="female", **HOME),
    ),
    "father and son": (patient(**HOME), patient(born="1991-04-09", id="two", **HOME)),
    "senior and junior": (
        patient("Robert", "Ashgrove Sr", "", **HOME, identifier=[identifier("8")]),
        patient("Robert", "Ashgrove Jr.", "", id="two", **HOME, identifier=[identifier("8")]),
    ),
    "spouses of one name": (
        patient("Robin", gender="female", **HOME),
        patient("Robin", id="two", born="1962-08-30", gender="male", **HOME),
    ),
    "same name and birth date": (patient(**HOME), patient(id="two", address=[address("9 Elm Court", "10001")])),
    "same name, other sex": (patient(gender="female", **HOME), patient(id="two", gender="male", **HOME)),
    "newborns": (
        patient("Baby Boy A", born="2025-02-02", **HOME),
        patient("Baby Boy B", born="2025-02-02", id="two", **HOME),
    ),
    "newborn and twin that has a name": (
        patient("Babyboy", born="2025-02-02", **HOME),
        patient("Hugo", born="2025-02-02", id="two", **HOME),
    ),
    "wrong record number": (
        patient("Greta", "Holbrook", "1950-01-02", gender="female", identifier=[identifier("8")]),
        patient(id="two", identifier=[identifier("8")]),
    ),
    "our number of somebody else": (
        patient("Greta", identifier=[{"system": OURS, "value": "77"}]),
        patient(id="two", identifier=[{"system": OURS, "value": "77"}]),
    ),
    "two numbers of one registry": (
        patient(identifier=[identifier("8")], **HOME),
        patient(id="two", identifier=[identifier("9")], **HOME),
    ),
    "other member id of one payer": (
        patient(identifier=[identifier("M1", "https://payer.example", "MB")], **HOME),
        patient(id="two", identifier=[identifier("M2", "https://payer.example", "MB")], **HOME),
    ),
    "other last four of the SSN": (
        patient(identifier=[{"system": "http://hl7.org/fhir/sid/us-ssn", "value": "4417"}], **HOME),
        patient(id="two", identifier=[{"system": "http://hl7.org/fhir/sid/us-ssn", "value": "999-99-4418"}], **HOME),
    ),
    "one has died": (patient(**HOME), patient(id="two", deceasedBoolean=True, **HOME)),
    "names turned": (patient("Thomas", "James", **HOME), patient("James", "Thomas", id="two", **HOME)),
    "one number of social security for two children": (
        patient("Carla", **SOCIAL, **HOME),
        patient("Marla", id="two", **SOCIAL, **HOME),
    ),
    "neighbours": (patient(**HOME), patient(id="two", address=[address("13 Quarry Lane")])),
    "shared telephone": (patient(telecom=[phone()]), patient("Hugo", born="1990-01-01", id="two", telecom=[phone()])),
    "swapped date": (patient(born="1961-04-09", **HOME), patient(born="1961-09-04", id="two", **HOME)),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_people_who_look_alike_are_not_linked(trap):
    one, two = TRAPS[trap]
    assert not is_linked(one, two)
    assert not is_linked(two, one)


@given(households(), st.sampled_from(GIVEN))
def test_a_twin_is_never_linked(known, name):
    assume(name != known["name"][0]["given"][0])
    twin = other(known, name=[{"family": known["name"][0]["family"], "given": [name]}])
    assert not is_linked(known, twin)


@given(households(), st.integers(15, 60), st.booleans())
@example(patient("Alma", "Ashgrove", "1970-01-01", identifier=[identifier("7")]), 15, True)
def test_a_namesake_of_another_generation_is_never_linked(known, years, with_number):
    born = f"{int(known['birthDate'][:4]) + years}{known['birthDate'][4:]}"
    shared = known["identifier"] + ([identifier("8")] if with_number else [])
    assert not is_linked({**known, "identifier": shared}, other(known, birthDate=born, identifier=shared))


@given(households(), st.sampled_from(GIVEN), st.integers(1, 12), st.integers(1, 28), st.integers(-9, 9))
def test_a_spouse_is_never_linked(known, name, month, day, years):
    born = f"{int(known['birthDate'][:4]) + years}-{month:02}-{day:02}"
    assume(name != known["name"][0]["given"][0])
    sex = {"male": "female", "female": "male"}[known["gender"]]
    spouse = other(known, name=[{"family": known["name"][0]["family"], "given": [name]}], birthDate=born, gender=sex)
    assert not is_linked(known, spouse)


@given(households(), st.sampled_from(GIVEN), st.sampled_from(FAMILY), st.integers(1930, 1999))
def test_a_number_typed_wrong_links_nobody_and_is_called_a_conflict(known, name, family, year):
    assume((name, family) != (known["name"][0]["given"][0], known["name"][0]["family"]))
    born = f"{year}-02-03"
    assume(born[:3] != known["birthDate"][:3])
    number = {"identifier": [identifier("8")]}
    wrong = {
        "resourceType": "Patient",
        "id": "two",
        "name": [{"family": family, "given": [name]}],
        "birthDate": born,
        **number,
    }
    decision = decide({**known, **number}, [wrong])
    assert (decision.grade, decision.rule) == (Grade.POSSIBLE, "patient-conflict")


@given(households())
@settings(max_examples=50)
def test_the_grade_does_not_depend_on_who_asks(known):
    for change in ({"birthDate": "1961-04-09"}, {"gender": "other"}, {"address": []}, {"identifier": []}):
        two = other(known, **change)
        assert decide(known, [two]).grade is decide(two, [known]).grade


# --- the answer over all candidates ---------------------------------------------------------------------------


def test_nobody_known_is_a_new_patient():
    decision = decide(patient(), [])
    assert (decision.grade, decision.candidate, decision.rule) == (Grade.CERTAINLY_NOT, None, "none")


def test_two_certain_candidates_are_for_a_person_to_settle():
    decision = decide(patient(**HOME), [patient(id="b", **HOME), patient(id="a", **HOME)])
    assert (decision.grade, decision.rule, decision.candidate) == (Grade.PROBABLE, "several-certain", "a")


def test_the_order_of_the_candidates_does_not_matter():
    candidates = [
        patient(id="a", **HOME),
        patient("Hugo", id="b", **HOME),
        patient(id="c"),
        patient(id="d", born="1961-09-04"),
    ]
    answers = {decide(patient(**HOME), list(order)) for order in itertools.permutations(candidates)}
    assert len(answers) == 1


def test_a_number_of_one_person_and_the_name_of_another_is_a_conflict():
    asked = patient(identifier=[identifier("8")], **HOME)
    number_hits = patient("Greta", "Holbrook", "1950-01-02", id="a", gender="female", identifier=[identifier("8")])
    name_hits = patient(id="b", **HOME)
    decision = decide(asked, [name_hits, number_hits])
    assert (decision.rule, decision.candidate) == ("patient-conflict", "a")


def test_a_veto_is_named():
    decision = decide(patient(**HOME, gender="female"), [patient(id="two", **HOME)])
    assert (decision.grade, decision.rule) == (Grade.POSSIBLE, "address+name+birth-date:sex")
    assert decision.vetoes == ("sex",)


# --- candidates are found -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "two",
    [
        patient("Bob", "Ashgrove"),
        patient("Robert", "Ashgroove"),
        patient("Ashgrove", "Robert"),
        patient(born="1961-09-04"),
        patient(born="1916-04-09"),
        patient("Someone", "Else", "1900-01-01", telecom=[phone("+1 (507) 555-0142")]),
        patient("Someone", "Else", "1900-01-01", identifier=[identifier("8", CLINIC)]),
        patient("", "", "", address=[address("12 QUARRY LN")]),
    ],
)
def test_records_that_could_be_one_person_share_a_key(two):
    one = patient(identifier=[identifier("8")], **HOME)
    assert set(keys(one)) & set(sought(two))
    assert set(keys(two)) & set(sought(one))


def test_keys_say_nothing_about_anybody():
    assert all(len(key) == 24 and set(key) <= set("0123456789abcdef") for key in keys(patient(**HOME)))
