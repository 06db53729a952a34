"""The coordination plan in words, complete by itself: many systems show a plan's narrative and nothing else."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Final

from gateway.cases.case import CENTRE, Case
from gateway.cases.drugs import Concern
from gateway.cases.evidence import Known, Resource, values
from gateway.core.drug import text_of
from gateway.core.issue import message

_STATES: Final = {
    "case-received": "The referral has come in.",
    "needs-information": "The review waits for records.",
    "records-complete": "The records are complete; the review can begin.",
    "under-review": "The review is under way.",
    "visit-scheduled": "A visit is scheduled.",
    "no-show": "The patient did not come to the visit.",
    "visit-cancelled": "The visit was cancelled.",
    "visit-completed": "The visit has taken place.",
    "opinion-returned": "The opinion has been returned.",
    "closed": "The case is closed.",
    "cancel-requested": "The referring clinic asks to cancel.",
    "cancelled": "The case was cancelled.",
    "declined": "The centre has declined the case.",
    "expired": "The case ended because the records did not come.",
}


# How an activity stands, in words of the wards; the codes are R4's.
_STANDS: Final = {
    "draft": "waits for the records",
    "active": "to be done",
    "completed": "done",
    "revoked": "ended",
}
_REASONS: Final = "http://terminology.hl7.org/CodeSystem/v2-0336"  # says that a second opinion is wanted, not which


def said_of(state: str) -> str:
    """A state in a sentence."""
    return _STATES[state]


def narrative(
    case: Case,
    known: Known,
    *,
    missing: Sequence[str],
    activities: Sequence[tuple[str, str, str]],
    drugs: Sequence[Resource],
    concerns: Sequence[Concern] = (),
) -> dict[str, str]:
    """What, who, when, what is missing. `activities` are title, desk and status of each."""
    doctors = list(values(known.of("Patient"), "generalPractitioner"))
    rows = [
        ("Case", case.number or case.referral),
        ("State", " ".join(filter(None, (said_of(case.state), case.reason)))),
        ("Patient", "; ".join(dict.fromkeys(persons(known)))),
        ("Question", question(known.referral)),
        ("Diagnosis", "; ".join(dict.fromkeys(diagnoses(known)))),
        ("Contact", f"{case.owner.get('display', '')}, {CENTRE}".strip(", ")),
        ("Referred by", who(known.referral.get("requester", {}), known)),
        ("Doctor of the patient", "; ".join(dict.fromkeys(filter(None, (who(one, known) for one in doctors))))),
        ("Opened", case.opened[:10]),
        ("Records complete", case.complete[:10]),
    ]
    body = [f"<p><b>Second opinion: coordination plan</b></p>{tabled(rows)}"]
    body.append(listed("Still missing", missing, "Nothing is missing."))
    body.append(listed("What happens", [f"{title} ({desk}): {_STANDS[how]}" for title, desk, how in activities], ""))
    body.append(listed("Cancer drugs, as reported", [drug_line(one) for one in drugs], "None is reported."))
    if concerns:
        body.append(
            listed("For a person to look at", [f"{message(one.code)} {'; '.join(one.drugs)}" for one in concerns], "")
        )
    if visits := [_visit(one) for one in known.of("Appointment")]:
        body.append(listed("Visits", visits, ""))
    return told(body)


def question(referral: Resource) -> str:
    """What is asked, in the words of whoever asks."""
    reasons = referral.get("reasonCode", ())
    own = [one for one in reasons if _REASONS not in values(one, "coding.system")]
    return "; ".join(dict.fromkeys(values(own or reasons, "text")))


def who(named: Resource, known: Known) -> str:
    """A person or a place by name, a role by both, with a telephone; each thing once."""
    return ", ".join(dict.fromkeys(filter(None, _who(named, known))))


def _who(named: Resource, known: Known) -> Iterator[str]:
    found = known.at(named.get("reference", ""))
    roles = [found[one] for one in ("practitioner", "organization") if one in found]
    for one in roles:
        yield from _who(one, known)
    if not roles:
        yield _name(found.get("name", "")) or named.get("display", "")
    phones = (one["value"] for one in found.get("telecom", ()) if one.get("system") == "phone" and "value" in one)
    yield next(phones, "")


def told(body: Iterable[str]) -> dict[str, str]:
    """A Narrative of these pieces."""
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{"".join(body)}</div>'}


def persons(known: Known) -> Iterable[str]:
    """The patient, as each clinic that sent records names them."""
    yield from map(person, known.of("Patient"))


def person(patient: Resource) -> str:
    """A patient by name and birth date."""
    return ", born ".join(filter(None, (_name(patient.get("name", "")), patient.get("birthDate", ""))))


def _name(said: str | Sequence[Resource]) -> str:
    """The name of an organisation, or the first of a person."""
    if isinstance(said, str):
        return said
    name: Resource = next(iter(said), {})
    return str(name.get("text") or " ".join([*name.get("given", ()), name.get("family", "")])).strip()


def diagnoses(known: Known) -> Iterable[str]:
    """Each diagnosis in words, with its stage."""
    for condition in known.of("Condition"):
        code = condition.get("code", {})
        said = code.get("text") or next(values(code, "coding.display"), "") or next(values(code, "coding.code"), "")
        stage = "; ".join(values(condition, "stage.summary.text"))
        if said:
            yield f"{said} ({stage})" if stage else said


def drug_line(request: Resource) -> str:
    """A drug with its directions and status."""
    directions = "; ".join(values(request, "dosageInstruction.text"))
    return ": ".join(filter(None, (text_of(request), directions))) + f" ({request.get('status', 'unknown')})"


def _visit(appointment: Resource) -> str:
    return f"{appointment.get('start', 'time not known')} ({appointment.get('status', 'unknown')})"


def tabled(rows: Iterable[tuple[str, str]]) -> str:
    """Names and what is said of them; nothing is shown of what is empty."""
    lines = (f"<tr><td>{escape(name)}</td><td>{escape(_clean(said))}</td></tr>" for name, said in rows if said)
    return f"<table><tbody>{''.join(lines)}</tbody></table>"


def listed(title: str, lines: Sequence[str], none: str) -> str:
    """Lines under a title; `none` where there are none."""
    said = "".join(f"<li>{escape(_clean(line))}</li>" for line in lines)
    return f"<p>{title}</p>" + (f"<ul>{said}</ul>" if said else f"<p>{none}</p>" if none else "")


def _clean(text: str) -> str:
    """XHTML has no control characters."""
    return "".join(one for one in text if one >= " " or one in "\t\n")
