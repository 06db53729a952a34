"""/admin/identity: why two records may be one person's, masked until revealed, and what a person decides of them."""

import re
from base64 import b64encode

import pytest

from gateway.core.clock import instant
from gateway.pipeline import process
from gateway.store import audit, matches, submissions
from gateway.worker import Desk, Worker
from tests.contract.test_admin_pages import admin, key, person  # noqa: F401

CANARIES = ("Canarysson", "Canaryson", "Quetzalia", "1967-04-12", "1967-12-04", "Hidden Lane", "5550142", "CN-55")
HEADER = r"MSH|^~\&|HIS|WEST|SO|SO|20260302090{n}||{kind}|{n}|P|2.5.1"
HOME = "7 Hidden Lane^^Springfield^IL^62701||^PRN^PH^^^217^5550142"
ONE = f"PID|1||CN-5511^^^RIVER&2.999.1&ISO^MR||Canarysson^Quetzalia||19670412|F|||{HOME}"
TWO = "PID|1||CN-5522^^^HARBOR&2.999.2&ISO^MR||Canaryson^Quetzalia||19671204|F|||||^PRN^PH^^^217^5550142"


@pytest.fixture
def send(here, client):
    """A clinic's message is taken in and processed; gives the submission."""

    def act(headers, *segments, kind="ADT^A08"):
        act.count += 1
        body = "\r".join([HEADER.format(n=act.count, kind=kind), *segments]).encode()
        id = client.post("/submissions", data=body, headers=headers).json["id"]
        worker = Worker(Desk(here.store, here.clock, here.destinations, here.audit_key, process))
        while worker.turn("process"):
            pass
        return id

    act.count = 0
    return act


@pytest.fixture
def question(here, send, riverbend, harbor):
    """Two records of one telephone number and nearly one name; gives the address of their question."""
    send(riverbend, ONE)
    send(harbor, TWO)
    [found] = here.store.read(lambda c: matches.listing(c, matches.ASKED))
    return f"/admin/identity/{found.id}"


def test_the_overview_counts_the_questions_and_leads_to_them(client, admin, person, question):  # noqa: F811
    assert client.get("/admin", headers=admin).json["questions"] == 1
    assert 'href="/admin/identity"' in person.get("/admin").text.partition("<main")[2]


def decide(client, headers, address, version, press="k", **said):
    headers = {**headers, "Idempotency-Key": press, "If-Match": f'W/"{version}"'}
    return client.post(f"{address}/decisions", json=said, headers=headers)


def test_the_list_says_why_and_how_long_and_nobody_is_seen(person, client, admin, question):  # noqa: F811
    [line] = client.get("/admin/identity", headers=admin).json["questions"]
    assert (line["match"]["grade"], line["who"]) == ("probable", ["Q. C. 1967", "Q. C. 1967"])
    assert line["agree"] == ["the name, or nearly so", "the birth date but for a slip", "a telephone number"]
    page = person.get("/admin/identity").text
    assert f'href="{question}"' in page
    assert "the birth date but for a slip" in page
    assert "Harbor Oncology" in page


def test_one_question_is_compared_line_by_line_and_masked_until_it_is_revealed(person, client, admin, here, question):  # noqa: F811
    facts = client.get(question, headers=admin).json
    says = {line["name"]: (line["says"], line["means"]) for line in facts["lines"]}
    assert says["Birth date"] == says["Family name"] == ("nearly", "for")
    assert (says["Given names"], says["Telephone"]) == (("agrees", "for"), ("agrees", "for"))
    assert (says["Address"], says["Record number"]) == (("one-sided", ""), ("elsewhere", ""))
    page = person.get(question).text
    for text in (page, client.get(question, headers=admin).text, person.get("/admin/identity").text):
        assert [canary for canary in CANARIES if canary in text] == []
    assert person.send(page, f"{question}/reveal", reason="curious").status_code == 400
    assert person.send(page, f"{question}/reveal", reason="patient-safety").status_code == 303
    page = person.get(question).text
    assert [canary for canary in CANARIES if canary not in page] == []
    told = here.store.read(lambda c: audit.listing(c, subtype="reveal"))
    assert len(told) == 3
    person.send(page, f"{question}/cover")
    assert "Canarysson" not in person.get(question).text


def test_a_submission_stands_behind_each_side(client, admin, question):  # noqa: F811
    sides = client.get(question, headers=admin).json["sides"]
    assert [[one["clinic"] for one in side["submissions"]] for side in sides] == [
        ["harbor-oncology"],
        ["riverbend-clinic"],
    ]
    assert all(side["holds"]["Provenance"] for side in sides)


def test_of_two_who_decide_at_once_one_is_told_to_look_again(client, admin, here, question):  # noqa: F811
    version = client.get(question, headers=admin).json["match"]["version"]
    assert decide(client, admin, question, version, decision="same").json == {"done": "match-same", "count": 1}
    late = decide(client, admin, question, version, press="other", decision="apart")
    assert (late.status_code, late.json["issue"][0]["details"]["coding"][0]["code"]) == (412, "precondition-failed")
    assert decide(client, admin, question, version, decision="same").status_code == 200
    facts = client.get(question, headers=admin).json
    assert (facts["match"]["state"], len(facts["history"])) == ("same", 2)
    about = here.store.read(lambda c: audit.listing(c, subtype="match"))
    assert len(about) == 1


@pytest.mark.parametrize(("said", "status"), [({"decision": "unlink"}, 409), ({"decision": "marry"}, 409), ({}, 400)])
def test_what_is_not_offered_is_refused_and_changes_nothing(client, admin, question, said, status):  # noqa: F811
    before = client.get(question, headers=admin).json
    assert decide(client, admin, question, before["match"]["version"], **said).status_code == status
    assert client.get(question, headers=admin).json == before


def test_a_program_says_which_version_it_saw(client, admin, question):  # noqa: F811
    headers = {**admin, "Idempotency-Key": "k"}
    assert client.post(f"{question}/decisions", json={"decision": "same"}, headers=headers).status_code == 412


def test_a_person_decides_on_the_page_and_takes_it_back(person, here, question):  # noqa: F811
    page = person.get(question).text
    assert re.findall(r'name="decision" value="([a-z]+)"', page) == ["same", "apart", "later"]
    answer = person.send(page, f"{question}/decisions", decision="later")
    page = person.get(answer.location).text
    assert "Put off." in page
    page = person.get(person.send(page, f"{question}/decisions", decision="same").location).text
    assert "One person, two records" in page
    assert question in person.get("/admin/identity?show=same").text
    page = person.get(person.send(page, f"{question}/decisions", decision="unlink").location).text
    assert "Two persons" in page
    assert question in person.get("/admin/identity?show=apart").text
    assert "Nobody waits for a decision" in person.get("/admin/identity").text
    assert page.count("Ada Admin") == 4


def test_the_moment_of_a_decision_is_kept(client, admin, here, question):  # noqa: F811
    version = client.get(question, headers=admin).json["match"]["version"]
    decide(client, admin, question, version, decision="apart", reason="Cousins, says the clinic")
    line = client.get(question, headers=admin).json["history"][-1]
    assert (line["at"], line["decision"], line["reason"]) == (
        instant(here.clock.now()),
        "apart",
        "Cousins, says the clinic",
    )


def test_what_is_set_aside_is_shown_beside_whose_number_and_whose_name_it_is_and_released(
    person,  # noqa: F811
    client,
    admin,  # noqa: F811
    here,
    send,
    riverbend,
    harbor,
):
    send(riverbend, ONE)
    send(harbor, "PID|1||CN-5533^^^HARBOR&2.999.2&ISO^MR||Hushington^Orla||19880102|F")
    id = send(riverbend, "PID|1||CN-5511^^^RIVER&2.999.1&ISO^MR||Hushington^Orla||19880102|F")
    page = person.get(f"/admin/submissions/{id}").text
    address = re.search(r'href="(/admin/identity/[^"]+)"', page)[1]
    facts = client.get(address, headers=admin).json
    assert facts["who"] == ["O. H. 1988", "Q. C. 1967", "O. H. 1988"]
    says = {line["name"]: (line["says"], line["means"], len(line["sides"])) for line in facts["lines"]}
    assert (says["Birth date"], says["Record number"]) == (("differs", "against", 3), ("agrees", "for", 3))
    assert facts["agree"] == ["a record number of one registry"]
    page = person.get(address).text
    assert "Whose name and birth date it is" in page
    assert "Hushington" not in page
    assert person.send(page, f"{address}/reveal", reason="patient-safety").status_code == 303
    page = person.get(address).text
    assert page.count("Hushington") == 2
    page = person.get(person.send(page, f"{address}/decisions", decision="release").location).text
    assert "Released as sent" in page
    assert [one.event for one in here.store.read(lambda c: submissions.events(c, id))][-1] == "replay"


DOCUMENT = """<ClinicalDocument xmlns="urn:hl7-org:v3"><recordTarget><patientRole><patient><name>
<given>{given}</given>
<family>Canarysson</family></name><birthTime value="{born}"/></patient></patientRole></recordTarget>
</ClinicalDocument>"""


def enclosed(given, born):
    data = b64encode(DOCUMENT.format(given=given, born=born).encode()).decode()
    return (
        ONE,
        "OBR|1||F1|34133-9^Summary^LN|||20260301",
        f"OBX|1|ED|34133-9^Summary^LN||^text^xml^Base64^{data}||||||F",
    )


@pytest.mark.parametrize(
    ("given", "born", "state"),
    [
        ("Quetzalia", "19670412", "routed"),
        ("Quetzalia", "196704", "routed"),
        ("Orla", "19670412", "quarantined"),
        ("Quetzalia", "19670413", "quarantined"),
    ],
)
def test_a_cover_that_says_another_than_its_document_is_set_aside_until_it_is_released(
    client,
    admin,  # noqa: F811
    send,
    riverbend,
    given,
    born,
    state,
):
    id = send(riverbend, *enclosed(given, born), kind="ORU^R01")
    assert client.get(f"/submissions/{id}", headers=riverbend).json["state"] == state
    questions = client.get("/admin/identity", headers=admin).json["questions"]
    assert [one["match"]["rule"] for one in questions] == ["document-conflict"] * (state == "quarantined")
    for one in questions:
        address = f"/admin/identity/{one['match']['id']}"
        decide(client, admin, address, 1, decision="release")
        send(riverbend, ONE)
        assert client.get(f"/submissions/{id}", headers=riverbend).json["state"] == "routed"


def test_a_file_of_two_patients_is_set_aside_and_nothing_of_it_is_stored(client, admin, send, riverbend):  # noqa: F811
    other = "PID|2||CN-5577^^^RIVER&2.999.1&ISO^MR||Hushington^Orla||19880102|F"
    id = send(riverbend, ONE, other, "PV1|1|O")
    said = client.get(f"/submissions/{id}", headers=riverbend).json
    assert said["state"] == "quarantined"
    assert client.get("/fhir/Patient", headers=admin).json["total"] == 0
    assert "multi-patient" in client.get(f"/admin/submissions/{id}", headers={**admin, "Accept": "text/html"}).text
