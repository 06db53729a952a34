"""Searching over HTTP: bundles, links, pages, forms, leniency, refusals, and the walls between clinics."""

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from gateway.access.keys import add_key
from tests.ward import care_plan, keep, patient, provenance

BASE = "https://gateway.example/fhir/"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(autouse=True)
def ward(here, riverbend, harbor):
    keep(
        here.store,
        "riverbend-clinic",
        patient("p1", "Lindqvist", "Åsa", birthDate="1980-02-03"),
        *(care_plan(f"c{n}", "p1", text={"status": "generated", "div": "<div>plan</div>"}) for n in range(5)),
        provenance("v1", "CarePlan/c1"),
    )
    keep(here.store, "harbor-oncology", patient("h1", "Okafor"), care_plan("d1", "h1"), provenance("w1", "CarePlan/d1"))


@pytest.fixture
def get(client, riverbend):
    def ask(path, headers=None):
        return client.get(f"/fhir/{path.removeprefix(BASE)}", headers=riverbend | (headers or {}))

    return ask


def links(bundle):
    return {link["relation"]: link["url"] for link in bundle["link"]}


def ids(bundle, mode="match"):
    return [entry["resource"]["id"] for entry in bundle.get("entry", []) if entry["search"]["mode"] == mode]


def test_a_search_set_says_what_it_is(get):
    bundle = get("CarePlan?patient=p1&category=assess-plan&_count=2").get_json()
    assert (bundle["resourceType"], bundle["type"], bundle["total"]) == ("Bundle", "searchset", 5)
    assert ids(bundle) == ["c0", "c1"]
    assert bundle["entry"][0]["fullUrl"] == f"{BASE}CarePlan/c0"
    assert links(bundle)["self"] == f"{BASE}CarePlan?patient=p1&category=assess-plan&_count=2"


def test_a_search_that_finds_nothing_has_no_entry(get):
    bundle = get("CarePlan?patient=nobody").get_json()
    assert (bundle["total"], "entry" in bundle, set(links(bundle))) == (0, False, {"self"})


def test_the_next_links_lead_to_every_match_once_and_say_nothing_of_the_patient(get):
    seen, url = [], "CarePlan?patient=p1&_count=2"
    while url:
        bundle = get(url).get_json()
        assert bundle["total"] == 5
        seen += ids(bundle)
        url = links(bundle).get("next")
        if url:
            assert url.startswith(f"{BASE}CarePlan?_page=")
            assert [name for name, _ in parse_qsl(urlsplit(url).query)] == ["_page"]
    assert seen == ["c0", "c1", "c2", "c3", "c4"]


def test_a_form_asks_as_an_address_does(client, riverbend, get):
    by_form = client.post(
        "/fhir/CarePlan/_search?category=assess-plan", data={"patient": "Patient/p1"}, headers=riverbend
    ).get_json()
    assert ids(by_form) == ids(get("CarePlan?patient=p1&category=assess-plan").get_json())
    assert client.post("/fhir/CarePlan/_search?patient=p1", headers=riverbend).get_json()["total"] == 5


def test_a_form_in_another_language_is_refused(client, riverbend):
    answer = client.post("/fhir/CarePlan/_search", json={"patient": "p1"}, headers=riverbend)
    assert answer.status_code == 415


def test_includes_are_marked_and_not_counted(get):
    bundle = get("CarePlan?_id=c1&_include=CarePlan:patient&_revinclude=Provenance:target").get_json()
    assert (ids(bundle), sorted(ids(bundle, "include")), bundle["total"]) == (["c1"], ["p1", "v1"], 1)


@pytest.mark.parametrize(
    ("query", "code", "place"),
    [
        ("patients=p1", "unknown-parameter", ["patients"]),
        ("patient:below=p1", "unknown-modifier", ["patient"]),
        ("date=zz2024", "unreadable-value", ["date"]),
        ("patient=", "unreadable-value", ["patient"]),
        ("1%20OR%201=1", "unknown-parameter", None),
        ("_count=-1", "unreadable-value", ["_count"]),
        ("_sort=;drop", "unreadable-value", ["_sort"]),
        ("_page=abc", "unreadable-page", ["_page"]),
        ("date=2024%00", "unreadable-value", ["date"]),
    ],
)
def test_what_is_not_understood_is_refused_and_no_value_is_repeated(get, query, code, place):
    answer = get(f"CarePlan?{query}")
    assert answer.status_code == 400
    issue = answer.get_json()["issue"][0]
    assert issue["details"]["coding"][0]["code"] == code
    assert issue.get("expression") == place
    assert b"zz2024" not in answer.data


def test_leniency_says_what_it_left_out(get):
    bundle = get("CarePlan?patient=p1&colour=red", {"Prefer": "handling=lenient"}).get_json()
    assert links(bundle)["self"] == f"{BASE}CarePlan?patient=p1"
    [outcome] = [entry["resource"] for entry in bundle["entry"] if entry["search"]["mode"] == "outcome"]
    assert outcome["issue"][0]["expression"] == ["colour"]
    assert bundle["total"] == 5
    assert get("Medication?patient=p1", {"Prefer": "handling=lenient"}).status_code == 400


def test_a_type_that_is_not_served_is_not_there(get):
    assert get("Unicorn?_id=1").status_code == 404


def test_counting_shows_a_number_only(get):
    for query in ("_summary=count", "_count=0"):
        bundle = get(f"CarePlan?patient=p1&{query}").get_json()
        assert (bundle["total"], "entry" in bundle) == (5, False)


def test_parts_are_marked_and_keep_what_is_mandatory(get):
    bundle = get("CarePlan?_id=c1&_elements=text").get_json()
    part = bundle["entry"][0]["resource"]
    assert set(part) == {"resourceType", "id", "meta", "text", "status", "intent", "subject"}
    assert part["meta"]["tag"][0]["code"] == "SUBSETTED"
    assert "text" not in get("CarePlan?_id=c1&_summary=data").get_json()["entry"][0]["resource"]


def test_links_stand_on_the_configured_address_whatever_host_was_named(client, riverbend):
    answer = client.get("/fhir/CarePlan?_count=1", headers=riverbend | {"X-Forwarded-Host": "evil.example"})
    assert all(url.startswith(BASE) for url in links(answer.get_json()).values())


def test_a_page_is_sealed_for_one_caller_and_one_hour(get, client, harbor, here, clock):
    onward = links(get("CarePlan?patient=p1&_count=2").get_json())["next"]
    path = onward.removeprefix("https://gateway.example")
    assert client.get(path, headers=harbor).status_code == 400
    assert get(onward[:-2] + ("AA" if onward[-2:] != "AA" else "BB")).status_code == 400
    assert get(onward.replace("CarePlan?", "Patient?")).status_code == 400
    assert get(f"{onward}&patient=p1").status_code == 400
    assert client.get(path, headers=reader_of(here)).status_code == 400
    clock.move(timedelta(hours=1))
    assert get(onward).status_code == 410


def reader_of(here):
    return {"Authorization": f"Bearer {add_key(here.store, here.clock, 'reader', 'An EHR')}"}


def test_a_clinic_finds_its_own_and_a_reader_finds_all(client, riverbend, harbor, here):
    def total(headers, path):
        return client.get(f"/fhir/{path}", headers=headers).get_json()["total"]

    reader = reader_of(here)
    assert [total(headers, "CarePlan") for headers in (riverbend, harbor, reader)] == [5, 1, 6]
    assert [total(headers, "CarePlan?patient=h1") for headers in (riverbend, harbor, reader)] == [0, 1, 1]
    assert [total(headers, "CarePlan?patient.name=okafor") for headers in (riverbend, harbor)] == [0, 1]
    assert [total(headers, "Provenance?target=CarePlan/d1") for headers in (riverbend, harbor)] == [0, 1]


def test_pretty_and_format_are_no_criteria(get):
    bundle = get("CarePlan?patient=p1&_format=json&_pretty=true")
    assert bundle.get_json()["total"] == 5
    assert bundle.data.count(b"\n") > 20
