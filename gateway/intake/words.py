"""What a clinic is told of its submission: the five steps, and who has to act, in plain words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.core import errors
from gateway.core.issue import MESSAGES, REFUSED, Severity, message
from gateway.core.submission import HELD
from gateway.core.submission import SubmissionState as State
from gateway.store.submissions import Event, Submission


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way: done "yes", "now", "no" or "wrong", when it was reached, and what is to be said of it."""

    title: str
    done: str
    at: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Act:
    """Whether anyone must act: "clinic", "care-team" or "nobody", and what about."""

    who: str
    text: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """One kind of issue in a submission, and the places where it was found."""

    severity: str
    code: str
    text: str
    places: list[str]


_TITLES: Final = ("Received", "Read", "Checked", "Patient found", "With the care team")
# How many of the five steps lie behind a submission in a state.
_REACHED: Final = {
    State.RECEIVED: 1,
    State.PARSED: 2,
    State.MAPPED: 2,
    State.VALIDATED: 3,
    State.MATCHED: 4,
    State.ROUTED: 5,
    State.DUPLICATE: 5,
    State.SUPERSEDED: 5,
}
_STOPPED: Final = frozenset({State.QUARANTINED, State.REJECTED})

_ERRORS: Final = errors.messages()
# What was behind a submission when it was set aside for a reason; without an entry, only its receipt was.
_STOPPED_AFTER: Final = {
    "unmapped-code": 2,
    "profile-invalid": 2,
    "consent-missing": 3,
    "sensitive-hold": 3,
    "missing-required": 2,
    "date-implausible": 2,
    "dose-unsafe-parse": 2,
    "patient-ambiguous": 3,
    "patient-conflict": 3,
    "duplicate-case": 4,
}

_SEND_AGAIN: Final = "clinic"
_WE_LOOK: Final = "care-team"
_REASONS: Final = {
    "parse-error": (
        _SEND_AGAIN,
        "We could not read it; below is where. Please correct it, or use the form.",
    ),
    "unsupported-type": (
        _SEND_AGAIN,
        "It is of no kind that we read. Please send another kind, or use the form.",
    ),
    "encoding": (_SEND_AGAIN, "Its characters are written in a way that we do not read. Please save it as UTF-8."),
    "missing-required": (
        _SEND_AGAIN,
        "Something that we need is not in it; below is what. Please add it and send it again.",
    ),
    "attachment-unreadable": (
        _SEND_AGAIN,
        "An attached document could not be opened. Please send it again.",
    ),
    "attachment-infected": (_SEND_AGAIN, "An attached document may harm a computer. Please send a clean one."),
    "multi-patient": (_SEND_AGAIN, "It speaks of more than one patient. Please send one file for each patient."),
    "consent-missing": (
        _SEND_AGAIN,
        "It waits: a relative or caregiver sent it, and that the patient agrees is not recorded. Please send the "
        "patient's consent, or call us; nothing else need be sent again.",
    ),
    "control-id-reuse": (_SEND_AGAIN, "Its message number was used before, with other content. Please number it anew."),
    "date-implausible": (_SEND_AGAIN, "A date in it cannot be right. Below is where. Please send it again corrected."),
    "unmapped-code": (_WE_LOOK, "It holds a code that we do not know yet. We add it and go on by ourselves."),
    "profile-invalid": (_WE_LOOK, "What we read from it does not fit together. One of us looks at it."),
    "patient-ambiguous": (_WE_LOOK, "More than one patient fits. One of us decides which it is."),
    "patient-conflict": (_WE_LOOK, "It differs from what we know of this patient. One of us looks at it."),
    "duplicate-case": (_WE_LOOK, "There is a case for this question already. One of us brings them together."),
    "sender-unknown": (_WE_LOOK, "We could not tell who sent it. One of us will call you."),
    "sensitive-hold": (
        _WE_LOOK,
        "It waits: it is under special protection (42 CFR Part 2), and the patient's consent to its disclosure is not "
        "recorded. Please send the consent; one of us releases it.",
    ),
    "dose-unsafe-parse": (_WE_LOOK, "A dose in it can be read in two ways. One of us asks rather than guess."),
}
_OTHERWISE: Final = (_WE_LOOK, "It could not be taken further by itself. One of us looks at it.")
_NOTHING: Final = Act("nobody", "You need not do anything.")
_MISSING: Final = Act(_SEND_AGAIN, "It is with us. The review waits for records: please send what is still missing.")
_PART_WAITS: Final = Act(
    _SEND_AGAIN,
    "Part of it waits for a patient's consent; below is where and why. Please send the consent, or call us; nothing "
    "else need be sent again.",
)
_PART: Final = Act(_WE_LOOK, "Part of it was set aside; below is where and why. One of us looks at it.")


def steps(found: Submission, events: list[Event]) -> list[Step]:
    """The five steps of a submission, as far as it has come since it was last taken up."""
    stopped = found.state in _STOPPED
    times: dict[int, str] = {}
    for event in events:
        if event.event == "replay":
            times = {1: times.get(1, event.at)}
        elif event.state in _REACHED:
            times[_REACHED[State(event.state)]] = event.at
    reached = _STOPPED_AFTER.get(found.reason or "", 1) if stopped else _REACHED[State(found.state)]
    return [_step(number, title, reached, stopped, times) for number, title in enumerate(_TITLES, 1)]


def act(found: Submission, issues: Iterable[Mapping[str, Any]] = (), *, missing: bool = False) -> Act:
    """Who has to do something: about a submission, a record of it that was set aside, or what its case still misses."""
    if found.state not in _STOPPED:
        refused = {issue.get("rule") for issue in issues if issue["code"] == REFUSED}
        if refused:
            return _PART_WAITS if refused <= HELD else _PART
        return _MISSING if missing else _NOTHING
    return Act(*_REASONS.get(found.reason or "", _OTHERWISE))


def is_under_way(found: Submission) -> bool:
    """Whether the next step comes by itself."""
    return found.state not in _STOPPED and _REACHED[State(found.state)] < len(_TITLES)


def said(issue: Mapping[str, Any]) -> str:
    """The constant text of an issue; of a record that was set aside, with the reason."""
    why = text(issue.get("rule", "")) if issue["code"] == REFUSED else ""
    return f"{text(issue['code'])} {why}".rstrip()


def text(code: str) -> str:
    """The constant text of an issue or of the error that stopped it; a code that is no longer made has none."""
    return message(code) if code in MESSAGES else _ERRORS.get(code, "")


def troubles(issues: list[dict[str, Any]]) -> list[Trouble]:
    """Issues of one kind together, those of most weight first."""
    places: dict[tuple[str, str, str], list[str]] = {}
    for issue in issues:
        kind = (issue["severity"], issue["code"], said(issue))
        places.setdefault(kind, []).append(issue.get("location") or issue.get("path", ""))
    weight = list(Severity)
    found = [Trouble(*kind, list(filter(None, where))) for kind, where in places.items()]
    return sorted(found, key=lambda trouble: weight.index(Severity(trouble.severity)))


def _step(number: int, title: str, reached: int, stopped: bool, times: dict[int, str]) -> Step:
    if number <= reached:
        return Step(title, "yes", times.get(number, ""))
    if number > reached + 1:
        return Step(title, "no")
    return Step(title, "wrong", note="It stopped here.") if stopped else Step(title, "now", note="This comes next.")
