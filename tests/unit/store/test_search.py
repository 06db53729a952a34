"""gateway/store/search.py, query.py and criteria.py, on both engines"""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.core.errors import RequestError, UnknownModifierError, UnknownParameterError, UnreadableValueError
from gateway.store.criteria import Asking
from gateway.store.date_range import DateRange, date_range
from gateway.store.engine import open_store
from gateway.store.query import read_query
from gateway.store.search import search
from tests.ward import LATER, care_plan, condition, keep, patient, provenance

ASKING = Asking("https://gateway.example/fhir/", datetime(2026, 3, 2, tzinfo=UTC))


def pairs(asked):
    return [tuple(part.split("=", 1)) for part in asked.split("&") if part]


def ask(store, type, asked="", clinic=None, **rest):
    query = read_query(type, pairs(asked), replace(ASKING, clinic=clinic))
    return store.read(lambda connection: search(connection, query, clinic=clinic, **rest))


def ids(store, type, asked="", clinic=None):
    return [one.id for one in ask(store, type, asked, clinic).matches]


@pytest.fixture
def ward(store):
    keep(
        store,
        "riverbend",
        patient("p1", "Lindqvist", "Åsa Maj", birthDate="1980-02-03"),
        patient("p2", "O'Lind, Jr", "Bo", birthDate="1980", gender="male"),
        patient("p3", "Moreau", "Chloé", birthDate="1975-12"),
        care_plan("c1", "p1", period={"start": "2024-01-10", "end": "2024-02-10"}),
        care_plan("c2", "p1", status="completed", period={"start": "2024-03-01"}),
        care_plan("c3", "p2", category=[{"coding": [{"system": "urn:other", "code": "Assess-Plan"}]}]),
        condition("k1", "p1", asserter={"identifier": {"system": "urn:npi", "value": "77"}}),
        provenance("v1", "CarePlan/c1", "Patient/p1"),
        provenance("v3", "CarePlan/c3"),
    )
    return store


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("name=lind", ["p1"]),
        ("name=asa", ["p1"]),
        ("name=O'Lind\\, jr", ["p2"]),
        ("name=lind,moreau", ["p1", "p3"]),
        ("name=lind&name=asa", ["p1"]),
        ("name=lind&name=chloe", []),
        ("name:contains=lind", ["p1", "p2"]),
        ("name:contains=%", []),
        ("family:exact=lindqvist", []),
        ("family:exact=Lindqvist", ["p1"]),
        ("gender=male", ["p2"]),
        ("gender=MALE", ["p2"]),
        ("gender:not=male", ["p1", "p3"]),
        ("gender=http://hl7.org/fhir/administrative-gender|male", ["p2"]),
        ("gender=urn:other|male", []),
        ("identifier=MRN-p1", ["p1"]),
        ("identifier=mrn-p1", []),
        ("identifier=urn:ward:mrn|MRN-p1,urn:ward:mrn|MRN-p3", ["p1", "p3"]),
        ("identifier=urn:ward:mrn|", ["p1", "p2", "p3"]),
        ("identifier=|MRN-p1", []),
        ("birthdate=1980", ["p1", "p2"]),
        ("birthdate=1980-02-03", ["p1"]),
        ("birthdate=lt1980", ["p3"]),
        ("birthdate=gt1980-02-03", ["p2"]),
        ("birthdate=ge1975&birthdate=lt1976", ["p3"]),
        ("birthdate=1975-12,1980-02-03", ["p1", "p3"]),
        ("death-date:missing=true", ["p1", "p2", "p3"]),
        ("birthdate:missing=false&gender=male", ["p2"]),
        ("_id=p1,p3", ["p1", "p3"]),
        ("_id=absent", []),
        ("name=x' OR '1'='1", []),
    ],
)
def test_patients_are_found_by(ward, asked, found):
    assert ids(ward, "Patient", asked) == found


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("patient=p1", ["c1", "c2"]),
        ("patient=Patient/p1", ["c1", "c2"]),
        ("patient=https://gateway.example/fhir/Patient/p1", ["c1", "c2"]),
        ("patient=https://elsewhere.example/fhir/Patient/p1", []),
        ("subject:Patient=p1", ["c1", "c2"]),
        ("subject=Group/p1", []),
        ("patient=p1,p2", ["c1", "c2", "c3"]),
        ("patient=p1&category=assess-plan", ["c1", "c2"]),
        ("patient=p1&category=assess-plan&status=active", ["c1"]),
        ("patient=p1&category=assess-plan&status=active,completed", ["c1", "c2"]),
        ("category=assess-plan", ["c1", "c2", "c3"]),
        ("category=urn:other|assess-plan", ["c3"]),
        ("patient=p1&date=ge2024-02-01&date=le2024-02-29", ["c1"]),
        ("patient=p1&date=gt2030", ["c2"]),
        ("patient=p1&date=eb2024-03", ["c1"]),
        ("patient=p1&date=sa2024-02", ["c2"]),
        ("patient.identifier=MRN-p2", ["c3"]),
        ("subject:Patient.name=lind", ["c1", "c2"]),
        ("_lastUpdated=gt2026", []),
        ("_lastUpdated=2026-03-01", ["c1", "c2", "c3"]),
    ],
)
def test_plans_are_found_by(ward, asked, found):
    assert ids(ward, "CarePlan", asked) == found


def test_a_reference_is_found_by_its_identifier(ward):
    assert ids(ward, "Condition", "asserter:identifier=urn:npi|77") == ["k1"]
    assert ids(ward, "Condition", "asserter:missing=false") == ["k1"]


def test_a_code_is_found_by_its_words(ward):
    assert ids(ward, "Condition", "code:text=ward sample") == ["k1"]


@pytest.mark.parametrize(
    ("asked", "trouble", "place"),
    [
        ("patients=p1", UnknownParameterError, "patients"),
        ("patient:above=p1", UnknownModifierError, "patient"),
        ("status:exact=x", UnknownModifierError, "status"),
        ("date:not=2024", UnknownModifierError, "date"),
        ("_id:not=p1", UnknownModifierError, "_id"),
        ("_has:Observation:patient:code=1", UnknownParameterError, "_has:Observation:patient:code"),
        ("date=abc", UnreadableValueError, "date"),
        ("date=xx2024", UnreadableValueError, "date"),
        ("date=2024-02-31", UnreadableValueError, "date"),
        ("patient=", UnreadableValueError, "patient"),
        ("patient=p1,,p2", UnreadableValueError, "patient"),
        ("patient=no such form", UnreadableValueError, "patient"),
        ("status=a|b|c", UnreadableValueError, "status"),
        ("status:missing=maybe", UnreadableValueError, "status"),
        ("_count=-1", UnreadableValueError, "_count"),
        ("_sort=status", UnreadableValueError, "_sort"),
        ("_include=*", UnreadableValueError, "_include"),
        ("_include=Goal:patient", UnreadableValueError, "_include"),
        ("_revinclude=Provenance:agent", UnreadableValueError, "_revinclude"),
        ("_summary=some", UnreadableValueError, "_summary"),
        ("_elements=a;b", UnreadableValueError, "_elements"),
        ("1=1", UnknownParameterError, ""),
        ("patient.subject.name.family=x", UnknownParameterError, "patient.subject.name.family"),
        ("date=2024\x00", UnreadableValueError, "date"),
    ],
)
def test_what_is_not_known_is_refused_by_name(asked, trouble, place):
    with pytest.raises(trouble) as refused:
        read_query("CarePlan", pairs(asked), ASKING)
    assert refused.value.place == place


def test_a_search_has_no_more_parameters_than_a_person_would_write():
    with pytest.raises(RequestError):
        read_query("CarePlan", [("patient", "p")] * 101, ASKING)
    with pytest.raises(UnreadableValueError):
        read_query("CarePlan", [("_id", ",".join("abc" for _ in range(300)))], ASKING)


def test_leniency_passes_over_what_is_unknown_and_never_over_the_patient():
    query = read_query("CarePlan", pairs("patient=p1&colour=red&date:not=2024"), ASKING, lenient=True)
    assert (query.applied, query.dropped) == ([("patient", "p1")], ["colour", "date:not"])
    with pytest.raises(UnknownModifierError):
        read_query("CarePlan", pairs("patient:above=p1"), ASKING, lenient=True)
    with pytest.raises(UnknownParameterError):
        read_query("Medication", pairs("patient=p1"), ASKING, lenient=True)


def test_what_is_included_comes_once_and_is_not_counted(ward):
    page = ask(ward, "CarePlan", "patient=p1&_include=CarePlan:patient&_revinclude=Provenance:target")
    assert [one.id for one in page.matches] == ["c1", "c2"]
    assert sorted(one.id for one in page.included) == ["p1", "v1"]
    assert page.total == 2


def test_inclusion_goes_on_from_what_was_included_when_asked(ward):
    once = ask(ward, "Provenance", "_id=v3&_include=Provenance:target")
    twice = ask(ward, "Provenance", "_id=v3&_include=Provenance:target&_include:iterate=CarePlan:patient")
    assert [one.id for one in once.included] == ["c3"]
    assert [one.id for one in twice.included] == ["c3", "p2"]


def test_a_reference_is_included_only_when_it_is_of_the_type_asked_for(ward):
    page = ask(ward, "Provenance", "_id=v1&_include=Provenance:target:Patient")
    assert [one.id for one in page.included] == ["p1"]


def test_nothing_is_included_that_the_clinic_may_not_see(ward):
    keep(ward, "harbor", care_plan("c9", "p1"), provenance("v9", "CarePlan/c9", "CarePlan/c1"))
    page = ask(ward, "CarePlan", "_id=c1,c9&_include=CarePlan:patient&_revinclude=Provenance:target", clinic="harbor")
    assert [one.id for one in (*page.matches, *page.included)] == ["c9", "v9"]
    assert ids(ward, "CarePlan", "patient.identifier=MRN-p1", clinic="harbor") == []


def test_sorting_by_date_puts_what_has_none_last(ward):
    assert ids(ward, "CarePlan", "_sort=date") == ["c1", "c2", "c3"]
    assert ids(ward, "CarePlan", "_sort=-date") == ["c2", "c1", "c3"]
    assert ids(ward, "CarePlan", "_sort=-_id") == ["c3", "c2", "c1"]


@pytest.mark.parametrize("sort", ["", "&_sort=date", "&_sort=-date,_id", "&_sort=-_lastUpdated"])
def test_pages_give_each_match_once_while_others_write(store, sort):
    plans = [care_plan(f"c{n:02}", "p1", period={"start": f"2024-0{n % 4 + 1}"}) for n in range(11)]
    keep(store, "riverbend", *plans)
    query = read_query("CarePlan", pairs(f"patient=p1&_count=3{sort}"), ASKING)
    seen, after, total = [], None, None
    while True:
        page = store.read(lambda connection, at=after, of=total: search(connection, query, after=at, total=of))
        seen += [one.id for one in page.matches]
        assert page.total == 11
        if page.next is None:
            break
        assert len(page.matches) == 3
        after, total = page.next, page.total
        if not sort:
            keep(store, "riverbend", plans[0] | {"title": f"read {len(seen)} times"}, at=LATER)
    assert sorted(seen) == [plan["id"] for plan in plans]


def test_counting_gives_a_number_and_no_resource(ward):
    for asked in ("_summary=count", "_count=0"):
        page = ask(ward, "Patient", asked)
        assert (page.total, page.matches, page.next) == (3, (), None)
    assert ask(ward, "Patient", "_total=none").total is None


# --- the rules of date prefixes, written a second time over plain moments -----------------------------------------
def _texts():
    days = st.dates(min_value=date(2023, 11, 1), max_value=date(2024, 3, 31))
    return st.builds(lambda day, length: day.isoformat()[:length], days, st.sampled_from([4, 7, 10]))


def _holds(prefix: str, stored: DateRange, asked: DateRange) -> bool:
    inside = asked.low <= stored.low and stored.high <= asked.high
    return {
        "": inside,
        "eq": inside,
        "ne": not inside,
        "gt": stored.high > asked.high,
        "lt": stored.low < asked.low,
        "ge": inside or stored.high > asked.high,
        "le": inside or stored.low < asked.low,
        "sa": stored.low >= asked.high,
        "eb": stored.high <= asked.low,
    }[prefix]


@pytest.fixture(scope="module")
def calendar(tmp_path_factory):
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('calendar')}/store.db")
    rnd = random.Random(5)
    first = date(2023, 12, 1)
    texts = [(first + timedelta(days=rnd.randrange(90))).isoformat()[: rnd.choice([4, 7, 10])] for _ in range(60)]
    keep(store, "riverbend", *(patient(f"p{n}", "Day", birthDate=text) for n, text in enumerate(texts)))
    yield store, texts
    store.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=80)
@given(_texts(), st.sampled_from(["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb"]))
def test_every_prefix_finds_what_its_rule_says(calendar, asked, prefix):
    store, texts = calendar
    expected = {f"p{n}" for n, text in enumerate(texts) if _holds(prefix, date_range(text), date_range(asked))}
    assert set(ids(store, "Patient", f"birthdate={prefix}{asked}&_count=200")) == expected


def test_about_a_day_grows_wider_with_the_distance(calendar):
    store, _ = calendar
    assert ids(store, "Patient", "birthdate=ap2024-01-15&_count=200")
    assert ids(store, "Patient", "birthdate=ap1950&_count=200") == []


def test_two_clinics_never_meet_in_any_search(tmp_path):
    """Random searches over the resources of two clinics, all parameters of a type, includes and sorts."""
    store, rnd = open_store(f"sqlite:///{tmp_path}/two.db"), random.Random(11)
    owner = {}
    for n in range(30):
        clinic = rnd.choice(["riverbend", "harbor"])
        found = [
            patient(f"p{n}", rnd.choice(["Lind", "Moreau"]), birthDate=f"19{rnd.randrange(50, 99)}"),
            care_plan(f"c{n}", f"p{rnd.randrange(30)}", period={"start": f"2024-0{rnd.randrange(1, 9)}"}),
            condition(f"k{n}", f"p{rnd.randrange(30)}"),
            provenance(f"v{n}", f"CarePlan/c{rnd.randrange(30)}", f"Patient/p{rnd.randrange(30)}"),
        ]
        owner |= {one["id"]: clinic for one in found}
        keep(store, clinic, *found)
    shown = 0
    for _ in range(600):
        clinic = rnd.choice(["riverbend", "harbor"])
        type = rnd.choice(["Patient", "CarePlan", "Condition", "Provenance"])
        page = ask(store, type, "&".join(_random_parts(rnd, type)), clinic)
        found = [*page.matches, *page.included]
        shown += len(found)
        assert {owner[one.id] for one in found} <= {clinic}
        if page.next is None and page.total is not None:
            assert page.total == len(page.matches)
    assert shown > 3000
    store.close()


def _random_parts(rnd, type):
    some = f"p{rnd.randrange(30)}"
    own = {
        "Patient": ["name=l", "gender:not=male", f"_id={some}", "birthdate=gt1960", "identifier=urn:ward:mrn|"],
        "CarePlan": [
            f"patient={some}",
            "status=active",
            "date=ge2024-03",
            "patient.name=lind",
            "_include=CarePlan:patient",
        ],
        "Condition": [f"patient={some}", "code:missing=true", "subject.name=m", "_include=Condition:subject"],
        "Provenance": ["target:missing=false", "_include=Provenance:target", "recorded=2026", f"target=Patient/{some}"],
    }[type]
    more = ["_sort=-_lastUpdated", "_sort=_id", "_revinclude:iterate=Provenance:target", "_count=200"]
    return rnd.sample(own, rnd.randrange(2)) + rnd.sample(more, rnd.randrange(3))
