"""Content for the tests of the admin face: two clinics, messages that went well, half well and not at all.

Every person and every value is made up. `CANARIES` are values that nobody may see without a reason.
"""

from typing import Any

from gateway.core.clock import instant
from gateway.core.errors import MalformedMessageError
from gateway.core.ids import stable_id
from gateway.core.issue import Issue, Severity
from gateway.core.ledger import Entry, State
from gateway.core.outcome import Outcome
from gateway.services import Services
from gateway.store import cases, deliveries, failures, outcomes, submissions

CANARIES = ("Canarysson", "Quetzalia", "19670412", "1967-04-12", "CN-554433", "Hidden Lane 7", "whispered a secret")
MESSAGE = (
    "MSH|^~\\&|RIVERBEND|RB|SO|SO|20260301100000||REF^I12|RB1|P|2.5.1\r"
    "PID|1||CN-554433^^^RIVERBEND^MR||Canarysson^Quetzalia||19670412|F|||Hidden Lane 7^^Springfield\r"
    "RF1|P|R|||O|RX-70\r"
    "RXE||99RB-12^Capecitabine 500 mg tablet^99RB|500\r"
    "NTE|1||whispered a secret\r"
)
_WENT: dict[str, tuple[State, str, str]] = {
    "RIVERBEND": (State.IGNORED, "hl7v2.MSH.MessageHeader#1", ""),
    "CN-554433": (State.MAPPED, "hl7v2.PID.Patient#1", "Patient/{patient}.identifier[0]"),
    "Canarysson": (State.MAPPED, "hl7v2.PID.Patient#2", "Patient/{patient}.name[0]"),
    "Quetzalia": (State.MAPPED, "hl7v2.PID.Patient#2", "Patient/{patient}.name[0]"),
    "19670412": (State.MAPPED, "hl7v2.PID.Patient#3", "Patient/{patient}.birthDate"),
    "Hidden Lane 7": (State.MAPPED, "hl7v2.PID.Patient#5", "Patient/{patient}.address[0]"),
    "RX-70": (State.UNMAPPED, "", ""),
    "99RB-12": (
        State.UNTRANSLATED,
        "hl7v2.ORDER.MedicationRequest#22",
        "MedicationRequest/{request}.medicationCodeableConcept",
    ),
    "Capecitabine 500 mg tablet": (
        State.UNTRANSLATED,
        "hl7v2.ORDER.MedicationRequest#22",
        "MedicationRequest/{request}.medicationCodeableConcept",
    ),
    "whispered a secret": (State.TEXT, "hl7v2.NTE.Annotation#1", ""),
}
_PLACES = {
    "RIVERBEND": "MSH-3",
    "CN-554433": "PID-3.1",
    "Canarysson": "PID-5.1",
    "Quetzalia": "PID-5.2",
    "19670412": "PID-7",
    "Hidden Lane 7": "PID-11.1",
    "RX-70": "RF1-6",
    "99RB-12": "RXE-2.1",
    "Capecitabine 500 mg tablet": "RXE-2.2",
    "whispered a secret": "NTE-3",
}
PATIENT, REQUEST = stable_id("patient"), stable_id("request")
UNKNOWN_DRUG = Issue(
    Severity.WARNING, "code-untranslated", "MedicationRequest.medicationCodeableConcept",
    "hl7v2.ORDER.MedicationRequest#22", "RXE-2", system="99RB", concept="99RB-12",
)  # fmt: skip


def resources() -> list[dict[str, Any]]:
    """What came out of the message."""
    return [
        {
            "resourceType": "Patient",
            "id": PATIENT,
            "identifier": [{"system": "urn:x:riverbend", "value": "CN-554433"}],
            "name": [{"family": "Canarysson", "given": ["Quetzalia"]}],
            "birthDate": "1967-04-12",
            "address": [{"line": ["Hidden Lane 7"], "city": "Springfield"}],
        },
        {
            "resourceType": "MedicationRequest",
            "id": REQUEST,
            "status": "active",
            "intent": "order",
            "medicationCodeableConcept": {
                "coding": [{"system": "urn:x:99RB", "code": "99RB-12", "display": "Capecitabine 500 mg tablet"}]
            },
            "subject": {"reference": f"Patient/{PATIENT}"},
            "note": [{"text": "whispered a secret"}],
        },
    ]


def outcome(message: str = MESSAGE) -> Outcome:
    """The outcome of the message, with the bytes of each leaf."""
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources()]}
    return Outcome("hl7v2:REF^I12", bundle, (UNKNOWN_DRUG,), tuple(_entries(message)))


def _entries(message: str) -> list[Entry]:
    found = []
    for value, (state, rule, path) in _WENT.items():
        at = message.index(value)
        path = path.format(patient=PATIENT, request=REQUEST)
        because = "kept in the narrative" if state is State.TEXT else ""
        found.append(Entry(_PLACES[value], state, rule, path, because, at, at + len(value)))
    return found


def arrive(here: Services, clinic: str, body: bytes, file_name: str | None = None) -> str:
    """Let something come in. Returns its id."""
    receipt, _ = here.store.write(
        lambda connection: submissions.keep(
            connection,
            clinic=clinic,
            body=body,
            media_type=None,
            file_name=file_name,
            idempotency_key=None,
            at=instant(here.clock.now()),
        )
    )
    return receipt.id


def settle(here: Services, id: str, said: Outcome, *, patient: str | None = None, destination: str = "") -> None:
    """Write down what became of it, as the worker does."""
    at = instant(here.clock.now())
    way = ["parsed", "mapped", "validated", "matched", "routed"] if said.sound else ["quarantined"]

    def change(connection: Any) -> None:
        outcomes.save(connection, id, said, "tables-1", at)
        failures.record(connection, id, said.kind.partition(":")[0], said, at)
        for state in way:
            reason = None if said.sound else "parse-error"
            submissions.advance(
                connection, id, event=state, state=state, at=at, actor="worker", reason=reason, kind=said.kind,
                patient=patient, mapping="tables-1",
            )  # fmt: skip
        if destination:
            deliveries.put(
                connection, submission=id, destination=destination, patient=patient or "", at=at,
                bundles=[b'{"resourceType":"Bundle","type":"transaction","entry":[]}'],
            )  # fmt: skip

    here.store.write(change)


def went_well(here: Services, clinic: str, destination: str = "") -> str:
    """The message, with a drug that has no translation and a value that nobody reads."""
    id = arrive(here, clinic, MESSAGE.encode())
    settle(here, id, outcome(), patient=PATIENT, destination=destination)
    return id


def broke(here: Services, clinic: str) -> str:
    """A message that cannot be read."""
    id = arrive(here, clinic, b"MSH broken Canarysson")
    settle(here, id, Outcome("hl7v2", None, (), (), MalformedMessageError("MSH")))
    return id


def dead_letter(here: Services, submission: str) -> str:
    """The delivery of a submission, refused by its destination."""
    at = instant(here.clock.now())
    answer = (
        b'{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"invalid",'
        b'"diagnostics":"Canarysson is no name","expression":["Patient.name"]}]}'
    )

    def change(connection: Any) -> str:
        [found] = deliveries.listing(connection, submission=submission)
        deliveries.attempt(
            connection, found.id, at=at, milliseconds=41, status=422, verdict="dead", answer=answer, next_try=None
        )
        return found.id

    return here.store.write(change)


def open_case(here: Services, clinic: str) -> str:
    """A case of the patient. Returns its number."""
    at = instant(here.clock.now())
    case = here.store.write(
        lambda connection: cases.open_case(
            connection, patient=PATIENT, question="q", task="t", state="case-received", clinic=clinic, at=at
        )
    )
    return case.number
