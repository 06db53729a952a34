"""What the centre promises, each from what a clinic sends over HTTP to what plan, case and pages then say."""

import base64
import copy
import io
import json
import zipfile
from pathlib import Path

import pytest

from gateway import casework
from gateway.access.keys import add_clinic, add_key
from gateway.cases.centre import Centre
from gateway.core.errors import IllegalTransitionError
from gateway.pipeline import process
from gateway.store import cases, outcomes, resources, submissions
from gateway.worker import Desk, Worker

FIXTURES = Path(__file__).parents[1] / "fixtures"
FORM = json.loads((FIXTURES / "form" / "referral.json").read_text("utf-8"))
CALENDAR = (FIXTURES / "icalendar" / "visit.ics").read_bytes()
REFERRAL = (FIXTURES / "hl7v2" / "REF_I12_second_opinion.hl7").read_bytes()
PHARMACY = {
    "type": "Organization",
    "identifier": {"system": "http://hl7.org/fhir/sid/us-npi", "value": "1000000012"},
    "display": "Cedar Pharmacy, +1 555 0177",
}
NURSES = ("N. Abara, RN, +1 555 0100",)
ACTIVITY = "https://fhir.second-opinion.example/CodeSystem/so-activity"
PDF = base64.b64encode(b"%PDF-1.4 invented").decode()
HEAD = (
    "MSH|^~\\&|LAKEEHR|LAKESIDE^2.16.840.1.113883.19.5^ISO|SOGATE|CENTRE|20260310{n:04}00-0500||{type}|LK9{n:05}"
    "|P|2.5.1\r"
)
CASE = "SO-2026-000001^^https://fhir.second-opinion.example/sid/case^URI"
KINDS = {"pathology-report": "11526-1", "imaging-report": "18748-4", "treatment-summary": "34133-9"}
OF_FORM = "PID|1||QU-20418^^^^MR||Quendler^Marta^Ilse||19610325|F|||18 Alder Row^^Farrowby^VT^05001^US\r"
PID = "PID|1||700123^^^LAKE&2.16.840.1.113883.19.5.1&ISO^MR||Sandoval^Imelda^Ruth^^Ms.^^L||19610412|F\r"


class House:
    """A clinic and the centre, over their doors."""

    def __init__(self, here, client, clinic):
        self.here, self.client, self.clinic, self.sent, self.pid = here, client, clinic, 0, PID
        self.centre = {"Authorization": f"Bearer {add_clinic(here.store, here.clock, 'The centre')}"}
        self.reader = {"Authorization": f"Bearer {add_key(here.store, here.clock, 'reader', 'An EHR')}"}
        desk = Desk(
            here.store, here.clock, here.destinations, here.audit_key, process, centre=Centre(NURSES, pharmacy=PHARMACY)
        )
        self.worker = Worker(desk)

    def send(self, body, by=None):
        """Send something as the clinic does, and do what waits; gives what the clinic is told."""
        status = self.hand_in(body, by)
        assert (status["state"], status["reason"]) == ("routed", None)
        return status

    def hand_in(self, body, by=None):
        """Send something, whatever becomes of it; gives what the clinic is told."""
        answer = self.client.post("/submissions", data=body, headers=by or self.clinic)
        assert answer.status_code == 202
        while self.worker.turn("process"):
            pass
        return self.client.get(f"/submissions/{answer.json['id']}", headers=by or self.clinic).json

    @property
    def last(self):
        """The submission that came last."""
        [found] = self.here.store.read(lambda connection: submissions.listing(connection, limit=1))
        return found.id

    def state(self, id):
        """Where a submission stands, as its clinic is told."""
        return self.client.get(f"/submissions/{id}", headers=self.clinic).json["state"]

    def replay(self, id):
        """An admin has it processed again."""
        self.here.store.write(
            lambda connection: submissions.requeue(connection, id, self.worker.desk.now(), actor="an")
        )
        while self.worker.turn("process"):
            pass

    def refer(self, **changed):
        """Send the referral form, some of its sections said otherwise."""
        form, self.pid = copy.deepcopy(FORM), OF_FORM
        for section, fields in changed.items():
            form[section] = {name: value for name, value in (form[section] | fields).items() if value is not None}
        return self.send(json.dumps(form).encode())

    def message(self, type, *segments, by=None):
        """Send an HL7 v2 message of the patient of the referral."""
        self.sent += 1
        head = HEAD.format(n=self.sent, type=type)
        return self.send((head + self.pid + "\r".join(segments) + "\r").encode(), by)

    @property
    def case(self):
        [found] = self.here.store.read(cases.listing)
        return found

    def all(self, kind, **query):
        """Every resource of a type that an EHR system is shown."""
        bundle = self.client.get(f"/fhir/{kind}", query_string={"_count": 200} | query, headers=self.reader).get_json()
        return [entry["resource"] for entry in bundle.get("entry", ())]

    def read(self, reference):
        answer = self.client.get(f"/fhir/{reference}", headers=self.reader)
        assert answer.status_code == 200
        return answer.get_json()

    def family(self, reference):
        """The family name of a clinician, or of who has the role."""
        found = self.read(reference["reference"])
        return self.family(found["practitioner"]) if "practitioner" in found else found["name"][0]["family"]

    @property
    def task(self):
        return self.read(f"Task/{self.case.task}")

    @property
    def plan(self):
        [found] = [one for one in self.all("CarePlan") if one["title"] == "Second opinion: coordination plan"]
        return found

    def activities(self):
        """The activities of the plan by our name for them."""
        found = {}
        for step in self.plan["activity"]:
            resource = self.read(step["reference"]["reference"])
            concepts = [resource.get("code", {}), *resource.get("category", ())]
            for coding in (one for concept in concepts for one in concept.get("coding", ())):
                if coding["system"] == ACTIVITY:
                    found[coding["code"]] = resource
        return found

    def step(self, event, **words):
        """A nurse takes a step."""

        def change(connection):
            version = resources.read(connection, "Task", self.case.task).version
            said = {"actor": "nurse", "version": version, "at": self.worker.desk.now()} | words
            if event in ("completed", "revoked"):
                casework.settle(connection, self.case.number, how=event, **said)
            else:
                casework.take(connection, self.case.number, event, **said)

        self.here.store.write(change)

    def become_complete(self, but=""):
        """Whatever is missing comes in but for one thing, as a clinic sends things of its kind."""
        for item in (one for one in self.missing() if one != but):
            if item == "medication-list":
                self.message(
                    "RDE^O11^RDE_O11", "ORC|NW|RX-1^LAKEEHR", "RXE||^Ondansetron 8 mg|8||mg", "RXR|PO^Oral^HL70162"
                )
            elif item == "pathology-slides":
                received = "|" * 14 + "20260310"
                self.message("ORU^R01^ORU_R01", "OBR|1||S-1^LAKELAB|22637-3^Pathology^LN", f"SPM|1|||TISS{received}")
            else:
                self.document(KINDS[item])
        assert self.missing() == [but] * bool(but)
        assert bool(self.case.complete) is not bool(but)

    def missing(self):
        """What the case still waits for."""
        return [one["type"]["coding"][0]["code"] for one in self.task.get("input", ())]

    def document(self, code, order="", by=None):
        """A document of the patient as a PDF, with its LOINC code and the order that it belongs to."""
        about = f"TXA|1|CN|AP|||20260310||||||DOC-{code}^LAKEEHR||{order}|||LA"
        body = f"OBX|1|ED|{code}^Document^LN||^application^pdf^Base64^{PDF}||||||F"
        self.message("MDM^T02^MDM_T02", "EVN|T02|20260310", about, body, by=by)


@pytest.fixture
def house(here, client, riverbend):
    return House(here, client, riverbend)


def test_intake_gives_a_case_number_and_says_what_is_missing(house):
    told = house.refer()
    assert "Summary of the treatment so far" not in told["missing"]  # a drug with its day is one
    assert (told["act"]["who"], told["case_state"]["code"]) == ("clinic", "needs-information")
    assert told["case"] == house.case.number == "SO-2026-000001"
    assert "Pathology report" in told["missing"]
    requests = [one for one in house.all("Task") if one["code"].get("text") == "Please send what is missing"]
    assert [one["description"] for one in requests] == told["missing"]


def test_a_treatment_under_way_makes_it_sooner_and_its_summary_needed(house):
    plain = {"summary": None, "procedures": None, "intent": None}
    medicines = {"medicine": [{"name": "Ondansetron 8 mg"}]}
    told = house.refer(treatment={"status": "ongoing"} | plain, medicines=medicines)
    assert "Summary of the treatment so far" in told["missing"]
    [referral] = [one for one in house.all("ServiceRequest") if "reasonCode" in one]
    assert (referral["priority"], house.task["priority"]) == ("asap", "stat")


def test_a_pathology_report_completes_the_records_once_and_is_kept_as_it_came(house):
    house.send(REFERRAL)
    assert "pathology-report" in house.missing()
    house.document("11526-1")
    assert "pathology-report" not in house.missing()
    [report] = house.all("DocumentReference", type="11526-1")
    assert report["content"][0]["attachment"]["data"] == PDF
    assert house.activities()["pathology-review"]["status"] in ("draft", "active")


def test_images_that_are_listed_are_reviewed(house):
    house.send(REFERRAL)
    assert "imaging-review" not in house.activities()
    house.document("18748-4")
    assert house.activities()["imaging-review"]["intent"] == "plan"


def test_a_genomic_report_is_kept_and_always_labelled(house):
    house.send(REFERRAL)
    house.document("51969-4")
    assert house.all("DocumentReference", type="51969-4") == []  # a key that does not name the label is shown nothing
    key = add_key(house.here.store, house.here.clock, "reader", "The molecular board", sees=("GDIS",))
    house.reader = {"Authorization": f"Bearer {key}"}
    [report] = house.all("DocumentReference", type="51969-4")
    assert "GDIS" in [one["code"] for one in report["meta"]["security"]]
    assert report["content"][0]["attachment"]["data"] == PDF


def test_a_trial_that_the_clinic_names_is_looked_at_and_nothing_is_said_of_it(house):
    words = "Would NCT04512345 or nct 04599999 be open to her? Not NCT123."
    house.refer(question={"question": words}, wishes={"clinical_trials": None})
    screen = house.activities()["clinical-trial-screen"]
    named = [house.read(one["reference"]) for one in screen["supportingInfo"]]
    assert [one["identifier"][0]["value"] for one in named] == ["NCT04512345", "NCT04599999"]
    assert {one["_status"]["extension"][0]["valueCode"] for one in named} == {"unknown"}
    assert all("status" not in one and one["resourceType"] == "ResearchStudy" for one in named)
    [referral] = [one for one in house.all("ServiceRequest") if "reasonCode" in one]
    assert referral["reasonCode"][0]["text"] == words


def test_a_trial_in_a_note_of_a_message_calls_for_the_search(house):
    house.send(REFERRAL)
    assert "clinical-trial-screen" not in house.activities()
    house.message("ORU^R01^ORU_R01", "OBR|1||S-1^LAKELAB|22637-3^Pathology^LN", "NTE|1||Screened for NCT04512345 here")
    [study] = house.all("ResearchStudy", identifier="NCT04512345")
    screen = house.activities()["clinical-trial-screen"]
    assert screen["supportingInfo"] == [{"reference": f"ResearchStudy/{study['id']}"}]


def test_a_search_for_trials_is_proposed_when_asked_and_decides_nothing(house):
    house.refer()
    screen = house.activities()["clinical-trial-screen"]
    assert (screen["intent"], screen["performerType"]["text"]) == ("proposal", "Research")


def test_one_nurse_runs_the_case_and_the_plan_says_how_to_reach_them(house):
    house.refer()
    [owner] = {house.case.owner, house.task["owner"]["display"]}
    assert owner == NURSES[0]
    assert owner in house.plan["text"]["div"]


def test_the_care_team_names_nurse_referrer_and_the_doctor_at_home(house):
    house.send(REFERRAL)
    [team] = [one for one in house.all("CareTeam") if one.get("name") == "Team of the second opinion"]
    roles = [one["role"][0].get("text") for one in team["participant"]]
    assert roles[0].startswith("Nurse care manager")
    assert {"Referring clinician", "Doctor of the patient"} <= set(roles)


def test_an_appointment_at_the_centre_moves_the_case(house):
    house.send(REFERRAL)
    house.become_complete()
    slot, order = "^^^20260420090000-0400^20260420100000-0400", "LK-REF-881^LAKEEHR"
    for event, status, state in (("S12", "Booked", "visit-scheduled"), ("S26", "Noshow", "no-show")):
        sch = ["AP-1^LAKE", *[""] * 9, slot, *[""] * 13, status, order]
        house.message(f"SIU^{event}^SIU_S12", "SCH|" + "|".join(sch))
        assert house.case.state == state
    [visit] = house.all("Appointment")
    assert {"reference": f"Appointment/{visit['id']}"} in [one["reference"] for one in house.plan["activity"]]


@pytest.mark.parametrize(
    ("event", "status", "state"),
    [
        ("S12", "", "visit-scheduled"),
        ("S13", "", "visit-scheduled"),
        ("S14", "", "visit-scheduled"),
        ("S15", "", "visit-cancelled"),
        ("S16", "", "visit-cancelled"),
        ("S17", "", "visit-scheduled"),  # it was entered in error, which is no visit and no cancelling of one
        ("S26", "", "no-show"),
        ("S14", "Complete", "visit-completed"),
    ],
)
def test_each_message_of_a_schedule_moves_its_case(house, event, status, state):
    house.send(REFERRAL)
    house.become_complete()
    slot, order = "^^^20260420090000-0400^20260420100000-0400", "LK-REF-881^LAKEEHR"
    for type, said in (("S12", ""), (event, status)):
        sch = ["AP-1^LAKE", *[""] * 9, slot, *[""] * 13, said, order]
        house.message(f"SIU^{type}^SIU_S12", "SCH|" + "|".join(sch))
    assert house.case.state == state


def test_a_calendar_that_names_the_case_moves_it_and_an_older_one_of_the_same_event_does_not(house):
    house.refer()
    house.become_complete()
    for sequence, status, state in (
        (1, "CONFIRMED", "visit-scheduled"),
        (3, "CANCELLED", "visit-cancelled"),
        (2, "CONFIRMED", "visit-cancelled"),
    ):
        said = CALENDAR.replace(b"SEQUENCE:0", b"SEQUENCE:%d" % sequence)
        house.send(said.replace(b"STATUS:CONFIRMED", b"STATUS:" + status.encode()))
        assert house.case.state == state
    [visit] = house.all("Appointment")
    assert (visit["status"], visit["start"]) == ("cancelled", "2026-04-20T09:00:00-04:00")
    [patient] = {one["subject"]["reference"] for one in house.all("Condition")}
    assert patient in [one["actor"].get("reference") for one in visit["participant"]]


def test_a_sheet_of_appointments_moves_the_cases_that_it_names_by_our_number_or_the_clinics_own(house):
    house.refer()
    house.become_complete()
    head = "case number,MRN,last name,first name,DOB,referral number,visit start,visit end,visit status,seen by\n"
    times = "2026-04-20 09:00-04:00,2026-04-20T10:00:00-04:00"
    house.send(f"{head}SO-2026-000001,,,,,,{times},Confirmed,Dr Okoye\n".encode())
    assert house.case.state == "visit-scheduled"
    whose = ",QU-20418,Quendler,Marta Ilse,1961-03-25,REF-7781"
    house.send(f"{head}{whose},{times},No show,Dr Okoye\n".encode())
    assert house.case.state == "no-show"
    assert {one["start"] for one in house.all("Appointment")} == {"2026-04-20T09:00:00-04:00"}
    assert len(house.all("ServiceRequest", code="SO")) == 1  # a sheet of appointments asks for no opinion


def test_of_a_sheet_of_appointments_the_row_that_names_no_case_waits(house):
    house.refer()
    house.send(
        b"case number,visit date,visit status\nSO-2026-000001,2026-04-20,booked\nSO-2026-000077,2026-04-21,booked\n"
    )
    [visit] = house.all("Appointment")
    assert visit["requestedPeriod"] == [{"start": "2026-04-20"}]


@pytest.mark.parametrize("said", [b"Case SO-2026-000009", b"Marta Quendler", b"SO-2026-0000010"])
def test_a_calendar_that_names_no_case_of_the_clinic_waits_for_a_person(house, said):
    house.refer()
    told = house.hand_in(CALENDAR.replace(b"Case SO-2026-000001", said))
    assert (told["state"], told["reason"]) == ("quarantined", "missing-required")
    assert house.all("Appointment") == []


def test_a_number_of_another_clinics_case_names_nobody(house, harbor):
    house.refer()
    house.clinic = harbor
    told = house.hand_in(CALENDAR)
    assert (told["state"], told["reason"]) == ("quarantined", "missing-required")


def test_of_a_calendar_of_several_events_only_the_one_that_names_nobody_waits(house):
    house.refer()
    begin, end = CALENDAR.index(b"BEGIN:VEVENT"), CALENDAR.index(b"END:VCALENDAR")
    stray = CALENDAR[begin:end].replace(b"SO-2026-000001", b"of no number").replace(b"visit-1", b"visit-2")
    house.send(CALENDAR[:end] + stray + CALENDAR[end:])
    [visit] = house.all("Appointment")
    assert visit["identifier"][0]["value"] == "7f1c-visit-1@riverbend.example"


def test_a_calendar_in_a_package_is_of_the_packages_patient(house):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("referral.hl7", REFERRAL)
        file.writestr("visit.ics", CALENDAR.replace(b"SO-2026-000001", b"to come"))
    house.send(packed.getvalue())
    [visit] = house.all("Appointment")
    [patient] = house.all("Patient")
    assert f"Patient/{patient['id']}" in [one["actor"].get("reference") for one in visit["participant"]]


def test_an_oral_cancer_drug_is_delivered_by_the_centres_pharmacy_and_its_order_is_untouched(house):
    house.refer()
    delivery = house.activities()["oral-chemo-delivery"]
    assert delivery["performer"][0]["display"] == "Cedar Pharmacy, +1 555 0177"
    assert delivery["performer"][0]["identifier"]["value"] == "1000000012"
    assert delivery["locationCode"][0]["text"] == "At the patient's home"
    [drug] = [
        one for one in house.all("MedicationRequest") if "Capecitabine" in one["medicationCodeableConcept"]["text"]
    ]
    assert drug["dosageInstruction"][0]["text"] == FORM["medicines"]["medicine"][0]["directions"]
    assert "dispenseRequest" not in drug
    house.step("decline", reason="not for us")
    assert house.read(f"ServiceRequest/{delivery['id']}")["performer"] == delivery["performer"]


def test_patient_and_caregiver_are_taught_about_an_oral_cancer_drug(house):
    house.refer()
    teaching = house.activities()["oral-chemo-teaching"]
    types = [one["reference"].partition("/")[0] for one in teaching["recipient"]]
    assert (teaching["resourceType"], types) == ("CommunicationRequest", ["Patient", "RelatedPerson"])


def test_an_inpatients_drugs_are_brought_to_the_bedside(house):
    house.refer()
    house.message("ADT^A01^ADT_A01", "EVN|A01|20260310", "PV1|1|I|4W^12^1")
    assert house.activities()["oral-chemo-delivery"]["locationCode"][0]["text"] == "At the bedside"


ORDER = ("RXE||^Capecitabine 500 mg tablets|1500||mg", "RXR|PO^Oral^HL70162")


@pytest.mark.parametrize("type", ["RDE^O11^RDE_O11", "OMP^O09^OMP_O09", "ORM^O01^ORM_O01"])
@pytest.mark.parametrize(
    ("verb", "status"),
    [("DC", "stopped"), ("CA", "cancelled"), ("HD", "on-hold"), ("RL", "active"), ("OC", "cancelled")],
)
def test_an_order_without_a_drug_changes_the_prescription_that_it_names(house, type, verb, status):
    house.send(REFERRAL)
    house.message("RDE^O11^RDE_O11", "ORC|NW|RX-7^LAKEEHR|F-7^PHARM", *ORDER)
    [before] = [one for one in house.all("MedicationRequest") if "Capecitabine" in json.dumps(one)]
    told = house.message(type, f"ORC|{verb}|RX-7^LAKEEHR||||||||||||||AE^Adverse event^L")
    account = house.here.store.read(lambda connection: outcomes.load(connection, told["id"])).ledger
    [landed] = {line["path"].partition(".")[2] for line in account if line["location"] == "ORC-16.2"}
    assert landed.startswith("statusReason")
    after = house.read(f"MedicationRequest/{before['id']}")
    if type.startswith("ORM") and verb in ("CA", "OC"):
        status = "stopped"  # such a message does not tell that it is about a drug, and not whether any was given
    assert (after["status"], after["statusReason"]["text"]) == (status, "Adverse event")
    for element in ("medicationCodeableConcept", "dosageInstruction", "intent", "subject"):
        assert after[element] == before[element]
    assert house.read(f"MedicationRequest/{before['id']}/_history/1")["status"] == "active"
    assert len([one for one in house.all("MedicationRequest") if "Capecitabine" in json.dumps(one)]) == 1
    assert [one for one in house.all("ServiceRequest") if one.get("identifier", [{}])[0].get("value") == "RX-7"] == []


def test_the_pharmacys_number_names_a_prescription_too_and_a_release_takes_the_reason_away(house):
    house.send(REFERRAL)
    house.message("RDE^O11^RDE_O11", "ORC|NW|RX-7^LAKEEHR|F-7^PHARM", *ORDER)
    house.message("RDE^O11^RDE_O11", "ORC|OH||F-7^PHARM|||||||||||||AE^Adverse event^L")
    house.message("RDE^O11^RDE_O11", "ORC|RL||F-7^PHARM")
    [now] = [one for one in house.all("MedicationRequest") if "Capecitabine" in json.dumps(one)]
    assert (now["status"], "statusReason" in now) == ("active", False)


@pytest.mark.parametrize("type", ["RDE^O11^RDE_O11", "OMP^O09^OMP_O09", "ORM^O01^ORM_O01"])
def test_what_becomes_of_an_order_that_nobody_knows_waits_for_a_person_and_is_taken_when_it_is_known(house, type):
    house.send(REFERRAL)
    drugs = house.all("MedicationRequest")
    head = HEAD.format(n=900, type=type)
    told = house.hand_in(f"{head}{PID}ORC|DC|RX-7^LAKEEHR\r".encode())
    assert (told["state"], told["reason"]) == ("quarantined", "missing-required")
    assert house.all("MedicationRequest") == drugs
    house.message("RDE^O11^RDE_O11", "ORC|NW|RX-7^LAKEEHR", *ORDER)
    house.replay(told["id"])
    [now] = [one for one in house.all("MedicationRequest") if "Capecitabine" in json.dumps(one)]
    assert now["status"] == "stopped"


def test_an_order_of_one_patient_is_not_ended_in_the_name_of_another(house):
    house.send(REFERRAL)
    house.message("RDE^O11^RDE_O11", "ORC|NW|RX-7^LAKEEHR", *ORDER)
    other = PID.replace("700123", "700999").replace("Sandoval^Imelda", "Brandt^Olga")
    told = house.hand_in(f"{HEAD.format(n=901, type='RDE^O11^RDE_O11')}{other}ORC|DC|RX-7^LAKEEHR\r".encode())
    assert (told["state"], told["reason"]) == ("quarantined", "patient-conflict")


def test_a_caregiver_belongs_to_the_team(house):
    house.refer()
    [team] = [one for one in house.all("CareTeam") if one.get("name") == "Team of the second opinion"]
    [member] = [one["member"] for one in team["participant"] if one["role"][0].get("text") == "Caregiver"]
    assert house.read(member["reference"])["name"][0]["text"] == "Jonas Quendler"


@pytest.mark.parametrize(("asked", "visit"), [(True, "telehealth-visit"), (None, "visit")])
def test_a_visit_is_planned_by_video_or_here_once_the_records_are_complete(house, asked, visit):
    house.refer(wishes={"telehealth": asked})
    assert not {"visit", "telehealth-visit"} & house.activities().keys()
    house.become_complete()
    assert visit in house.activities()


def test_travel_and_lodging_are_a_task_of_the_travel_desk(house):
    house.refer()
    travel = house.activities()["travel-lodging"]
    [task] = [
        one for one in house.all("Task") if one.get("focus", {}).get("reference") == f"ServiceRequest/{travel['id']}"
    ]
    assert (task["status"], task["owner"]["display"]) == ("draft", "Travel")


def test_insurance_is_verified_beside_the_case(house):
    house.refer()
    task = house.activities()["insurance-verification"]
    assert task["resourceType"] == "Task"
    assert house.case.state == "needs-information"


def test_the_opinion_reaches_the_referrer_and_the_doctor_at_home_and_closes_the_loop(house):
    house.send(REFERRAL)
    house.become_complete()
    house.document("11488-4", "LK-REF-881^LAKEEHR")  # whoever asked, in a note of their own
    house.document("11488-4", CASE, by=house.centre)
    house.step("outcome")
    assert house.task["status"] == "completed"
    [output] = house.task["output"]
    assert "11488-4" in [one["code"] for one in house.read(output["valueReference"]["reference"])["type"]["coding"]]
    sent = house.activities()["opinion-communication"]
    assert [house.family(one) for one in sent["recipient"]] == ["Okafor", "Marsh"]


def test_survivorship_begins_when_the_case_closes_after_the_treatment(house):
    house.refer(treatment={"status": "completed"})
    house.become_complete()
    house.step("outcome")
    house.step("completed", activity="opinion-communication")
    house.step("close")
    [draft] = [one for one in house.all("CarePlan") if one["status"] == "draft"]
    assert draft["title"] == "Survivorship plan: draft"
    assert house.activities()["survivorship-plan"]["status"] == "active"


def test_the_clinic_reads_where_its_case_stands_without_a_clinical_word(house):
    told = house.refer()
    address = f"/submissions/{told['id']}"
    page = house.client.get(address, headers=house.clinic | {"Accept": "text/html"}).text
    assert house.case.number in page
    assert "please send what is still missing" in page
    assert "Pathology report" in page
    assert "Capecitabine" not in page
    assert "Adenocarcinoma" not in page


def test_a_review_that_changes_the_diagnosis_keeps_what_was_said_before(house):
    concordance = "https://fhir.second-opinion.example/StructureDefinition/so-concordance"
    patient = {
        "resourceType": "Patient",
        "identifier": [{"system": "urn:oid:2.999.7", "value": "P-1"}],
        "name": [{"family": "Holbrook", "given": ["Maren"]}],
        "gender": "female",
        "birthDate": "1957-03-30",
    }

    def diagnosed(code, **more):
        condition = {
            "resourceType": "Condition",
            "identifier": [{"system": "urn:oid:2.999.8", "value": "DX-1"}],
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": code}]},
            "subject": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000001"},
        } | more
        entries = [
            {"fullUrl": f"urn:uuid:00000000-0000-4000-8000-00000000000{n}", "resource": one}
            for n, one in enumerate((patient, condition), 1)
        ]
        house.send(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode())

    diagnosed("C50")
    diagnosed("C43", extension=[{"url": concordance, "valueCode": "major"}])
    [now] = house.all("Condition")
    before = house.read(f"Condition/{now['id']}/_history/1")
    assert [one["code"]["coding"][0]["code"] for one in (before, now)] == ["C50", "C43"]
    assert now["extension"][0]["url"] == concordance


def test_what_the_call_line_takes_down_is_the_same_intake_and_says_who_told_it(house):
    house.refer(question={"channel": "call-centre", "informant": "patient"})
    [referral] = [one for one in house.all("ServiceRequest") if "reasonCode" in one]
    assert "How it reached us: call-centre" in [one["text"] for one in referral["note"]]
    roles = [agent["type"]["coding"][0]["code"] for one in house.all("Provenance") for agent in one["agent"]]
    assert "informant" in roles
    assert "pathology-report" in house.missing()


def test_an_insurer_who_says_no_keeps_from_a_visit_and_not_from_the_review(house):
    house.refer()
    house.become_complete()
    answer = (FIXTURES / "x12" / "271_active.edi").read_text("utf-8")
    for before, after in (
        ("NM1*IL*1*BRACKWATER*LORENZ****MI*HHP-778812", "NM1*IL*1*QUENDLER*MARTA*ILSE***MI*GMM-009112"),
        ("N3*4 WEIR LANE", "N3*18 ALDER ROW"),
        ("DMG*D8*19580614*M", "DMG*D8*19610325*F"),
        ("EB*1*", "EB*6*"),
    ):
        assert before in answer
        answer = answer.replace(before, after)
    assert house.activities()["insurance-verification"]["businessStatus"]["coding"][0]["code"] == "eligibility-pending"
    house.send(answer.encode())
    assert house.activities()["insurance-verification"]["businessStatus"]["coding"][0]["code"] == "eligibility-failed"
    with pytest.raises(IllegalTransitionError):
        house.step("schedule-visit")
    house.step("start-review")
    assert house.case.state == "under-review"
    [told] = house.all("CoverageEligibilityResponse")
    assert told["insurance"][0]["inforce"] is False


def test_a_clinic_need_not_act_any_more_when_all_is_there(house):
    told = house.refer()
    house.become_complete()
    now = house.client.get(f"/submissions/{told['id']}", headers=house.clinic).json
    assert (now["act"]["who"], now["missing"]) == ("nobody", [])


def test_a_correction_takes_the_place_of_what_it_corrects_and_history_stays(house):
    first = house.send(REFERRAL)
    house.message("MDM^T02^MDM_T02", "EVN|T02|20260310", *replaced("DOC-1^LAKEEHR", ""))
    note = house.last
    change = REFERRAL.replace(b"REF^I12^REF_I12|LK000451", b"REF^I13^REF_I12|LK000455").replace(b"|A^ASAP", b"|S^STAT")
    second = house.send(change)
    house.message("MDM^T10^MDM_T02", "EVN|T10|20260311", *replaced("DOC-2^LAKEEHR", "DOC-1^LAKEEHR"))
    assert [house.state(one) for one in (first["id"], second["id"])] == ["superseded", "routed"]
    assert [house.state(one) for one in (note, house.last)] == ["superseded", "routed"]
    house.replay(first["id"])
    assert house.state(first["id"]) == "superseded"
    assert house.task["priority"] == "stat"


def replaced(number, before):
    about = f"TXA|1|CN|TX|||20260310||||||{number}|{before}||||LA"
    return about, "OBX|1|TX|11526-1^Pathology^LN||Margins clear.||||||F"
