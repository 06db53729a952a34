"""Plain sentences for what the console shows: what is wrong and what to do; what a press did; the steps of a way."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.core.errors import GatewayError
from gateway.core.issue import MESSAGES
from gateway.core.submission import SubmissionState as State
from gateway.store.deliveries import Delivery
from gateway.store.inbox import Line
from gateway.store.submissions import Event, Submission

_LEAVES: Final = {
    "unmapped": "No row of our tables reads this value; it is kept in the original only.",
    "failed": "A row read this value and could not convert it; it is kept in the original only.",
    "untranslated": "This code has no translation in our map; it was kept as sent.",
}
_NEXT: Final = {
    "unmapped": "Add a row for it to the table of its source, or a row that ignores it and says why.",
    "failed": "Look at one source, then correct the row or its converter.",
    "untranslated": "Translate the code: for all in the concept map of the row, for this clinic in its overlay.",
    "code-untranslated": "Translate the code: for all in the concept map of the row, for this clinic in its overlay.",
    "code-unknown": "Add the code to the concept map, or ask the clinic what it means.",
    "drug-uncoded": "Ask the clinic for a coded drug, or add its local code to the map.",
    "ndc-ambiguous": "Ask the clinic for the number with its hyphens, or with eleven digits.",
    "sig-trailing-zero": "Nothing was changed. Let a pharmacist read the directions as they were written.",
    "sig-naked-decimal": "Nothing was changed. Let a pharmacist read the directions as they were written.",
    "sig-decimal-comma": "Nothing was changed. Let a pharmacist read the directions as they were written.",
    "methotrexate-daily": "Nothing was changed. Ask the clinic at once how often it is taken.",
    "days-off-missing": "Nothing was changed. Ask the clinic on which days of the cycle it is taken.",
    "two-fluoropyrimidines": "Nothing was changed. Ask the clinic which of the two is taken.",
    "dose-changed-tenfold": "Nothing was changed. Ask the clinic which of the two doses is meant.",
    "unknown-segment": "Add a table for the segment, or a row that ignores it.",
    "identifier-system-unknown": "Enter the assigning authority in the clinic's overlay.",
    "required-missing": "Ask the clinic to send it.",
    "malformed-message": "Tell the clinic what is broken and where; it sends it again.",
    "unnamed-patient": "Ask the clinic whom it is about; it sends it again with the number of the case.",
    "unknown-order": "Ask the clinic for the order itself; when it is here, process this one again.",
    "case-unsound": "Mend the table of mappings/cases that made it, then replay; nothing of it was stored.",
    "referral-conflict": "Ask the clinic whom the referral is for; it sends it again under a number of its own.",
    "patient-conflict": "Decide under Identity if it is there; else ask the clinic whom it is about; it sends it anew.",
    "unsafe-package": "Tell the clinic what is wrong with the package; it packs it anew.",
    "document-missing": "Ask the clinic for the document that the cover names.",
    "document-differs": "Ask the clinic which is meant, the document or what the cover says; it packs it anew.",
    "order-not-named": "Ask the clinic to which of the orders the document belongs.",
    "consent-missing": "Ask whether the patient knows and agrees, and record it on the page of the submission.",
    "sensitive-hold": "Ask for the patient's consent to the disclosure, and record it on the page of the submission.",
    "record-refused": "The rule says why; the clinic sends the record again, or a table is corrected.",
    "no-mapping": "Add a table for this kind of message.",
}
_LOOK: Final = "Look at one source to see what the clinic means; then correct the row, the map or the overlay."
_THEN: Final = "Then replay every submission that has it."
_PRESSED: Final = {
    "replay": ("Replay is under way for {n}. Each keeps its number; reload to follow.", "good"),
    "ignore": ("The failure is ignored now, with your reason.", "good"),
    "reopen": ("The failure is open again.", "good"),
    "take": ("The failure is yours now.", "good"),
    "consent": ("The consent is recorded; the submission goes on.", "good"),
    "reveal": ("Unmasked for 15 minutes. This was written to the audit trail.", "attention"),
    "cover": ("Masked again.", "good"),
    "retry": ("{n} on the way again.", "good"),
    "case-step": ("Done. The case, its referral and its plan say so now.", "good"),
    "match-same": ("Linked. Both records stay as they are; their cases are put together as one person's.", "good"),
    "match-apart": ("Told apart. It is asked again only when one of the records says something else.", "good"),
    "match-later": ("Put off. The question waits at the end of the list.", "good"),
    "match-unlink": ("Taken apart. Both records and their cases are as they are without each other.", "good"),
    "match-release": ("Released. The submission is processed again and taken as it stands.", "good"),
    "match-refuse": ("It stays aside. Ask the clinic to send it again as it should be.", "good"),
}
_COUNTED: Final = {"replay": ("one submission", "{} submissions"), "retry": ("One delivery is", "{} deliveries are")}
# What a rule's name means that is no tuple of agreements.
REMARKS: Final = {
    "several-certain": "It fits two known records alike, and these are not linked with each other.",
    "kept-apart": "A rule would link them, and a person has told apart two of those who would become one.",
    "patient-conflict": "The number is one person's and the name or birth date another's.",
    "document-conflict": "A document in it is of another name or birth date than its cover says.",
    "none": "They are linked, and since then a record has changed: no rule would link them now.",
}
WAY: Final = (State.RECEIVED, State.PARSED, State.MAPPED, State.VALIDATED, State.MATCHED, State.ROUTED)
_STOPPED: Final = (State.QUARANTINED, State.REJECTED)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a submission: done "yes", "now", "no" or "wrong"; when, and what is to be said of it."""

    title: str
    done: str
    at: str = ""
    note: str = ""


def what_is_wrong(trouble: str) -> str:
    """The constant sentence of an issue, an error, or a ledger state."""
    if trouble in MESSAGES:
        return MESSAGES[trouble][1]
    return _LEAVES.get(trouble) or _ERRORS.get(trouble, "It could not be translated.")


def what_to_do(trouble: str) -> str:
    """What an admin can do about it."""
    return f"{_NEXT.get(trouble, _LOOK)} {_THEN}"


def where(line: Line) -> str:
    """The place of a trouble in the sender's own way of writing, and the element it was meant for."""
    return line.location or line.path or "the whole submission"


def near(place: str) -> str:
    """The end of a long path, which tells it from its neighbours."""
    steps = place.split("/")
    return place if len(steps) < 6 else "/".join(("…", *steps[-3:]))


def outcome_of_press(said: str) -> tuple[str, str] | None:
    """What a press did, as a sentence and its meaning; `replay:3` says that three were replayed."""
    what, _, number = said.partition(":")
    if what not in _PRESSED:
        return None
    text, meaning = _PRESSED[what]
    one, many = _COUNTED.get(what, ("", ""))
    return text.format(n=one if number in ("", "1") else many.format(number)), meaning


def steps(found: Submission, events: Sequence[Event], deliveries: Sequence[Delivery]) -> list[Step]:
    """The way of a submission: each step with its time, where it stopped and why, and what the destinations said."""
    reached = {event.state: event for event in events}
    if found.state in _STOPPED:
        first = reached.get(State.RECEIVED)
        return [
            Step("received", "yes", first.at if first else found.received),
            Step(found.state, "wrong", found.updated, found.reason or ""),
        ]
    way = [_step(state, found, reached) for state in WAY]
    return [*way, _delivered(deliveries)] if deliveries else way


def _step(state: State, found: Submission, reached: dict[str, Event]) -> Step:
    at = WAY.index(State(found.state)) if found.state in WAY else len(WAY)
    place = WAY.index(state)
    done = "yes" if place < at or state is State.ROUTED else "now"
    if place > at:
        return Step(state, "no")
    return Step(state, done if place <= at else "no", reached[state].at if state in reached else "")


def _delivered(deliveries: Iterable[Delivery]) -> Step:
    states = [delivery.state for delivery in deliveries]
    went = states.count("delivered")
    note = f"{went} of {len(states)}"
    if "dead" in states:
        return Step("delivered", "wrong", note=f"{note}, {states.count('dead')} dead")
    last = max((delivery.updated for delivery in deliveries), default="")
    return Step("delivered", "yes", last, note) if went == len(states) else Step("delivered", "now", note=note)


def _errors() -> dict[str, str]:
    """The sentence of every error, by its code."""
    found: dict[str, str] = {}
    waiting: list[Any] = [GatewayError]
    while waiting:
        one = waiting.pop()
        waiting += one.__subclasses__()
        name = one.__name__.removesuffix("Error")
        found["".join(f"-{c.lower()}" if c.isupper() else c for c in name).strip("-")] = (one.__doc__ or "").strip()
    return found


_ERRORS: Final = _errors()
