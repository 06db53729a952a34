"""/admin/cases: the board of cases, and one case with its plan, what it waits for, its history and its next steps."""

from typing import Any, Final

from flask import url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from gateway import casework
from gateway.access.caller import caller
from gateway.admin import letters
from gateway.admin.door import asked, door, event, if_match, now, press, session, show
from gateway.admin.questions import StepQuestion, check
from gateway.cases import states
from gateway.cases.care_plan import is_ours
from gateway.cases.case import NUMBER
from gateway.cases.checklist import by_post
from gateway.cases.evidence import ACTIVITIES, values
from gateway.core.drug import text_of
from gateway.core.issue import message
from gateway.core.outcome import RULES
from gateway.services import services
from gateway.store import actions, cases, resources, traffic
from gateway.store.cases import Case

MOST: Final = 500


@door.get("/cases")
def board() -> ResponseReturnValue:
    """The newest cases by state, in the order of their way; numbers only, no names."""
    store = services().store
    found = store.read(lambda connection: cases.listing(connection, limit=MOST))
    counts = store.read(traffic.cases)
    columns: dict[str, list[Case]] = {}
    for state in states.states():
        if here := [case for case in found if case.state == state]:
            columns[state] = here
    return show("cases.html", {"counts": counts, "columns": columns})


@door.get("/cases/<number>")
def case(number: str) -> ResponseReturnValue:
    """One case: its steps, and its plan once the submission that opened it is revealed; looking leaves its event."""
    here, who, at = services(), session(), now()

    def look(connection: Connection) -> dict[str, Any]:
        found = cases.find(connection, number)
        submission = resources.submission_of(connection, "ServiceRequest", found.question) or ""
        steps = states.events(found.state, complete=bool(found.complete))
        unsettled = casework.unsettled(connection, found) if "close" in steps else []
        revealed = actions.revealed_until(connection, who, submission, at) is not None
        return {
            "case": found,
            "version": resources.read(connection, "Task", found.task).version,
            "submission": submission,
            "revealed": revealed,
            "history": cases.history(connection, number),
            "steps": [one for one in steps if one != "close" or not unsettled],
            "unsettled": unsettled,
            "plan": _plan(connection, found, revealed=revealed),
            "recipients": letters.addressed(connection, found, revealed=revealed),
            "answered": casework.is_answered(connection, found),
        }

    facts = here.store.read(look)
    about = (("Task", facts["case"].task), ("Patient", facts["case"].patient))
    here.witness(event("R", "read", entities=about))
    return show(
        "case.html",
        facts,
        nurses=here.centre.nurses,
        reasons={one.event: _reason(one.to) for one in states.transitions()},
    )


@door.post("/cases/<number>/steps")
def take_step(number: str) -> ResponseReturnValue:
    """Take a step with a case, give it to somebody, or end an activity. The version is in the form or in If-Match."""
    wanted = check(StepQuestion, {"version": if_match(), **asked()})
    here, who = services(), caller()

    def change(connection: Connection, at: str) -> str:
        words = {"actor": who.key, "version": wanted["version"], "at": at}
        match wanted["event"]:
            case "assign":
                taken = casework.assign(connection, number, wanted["owner"], **words)
            case "completed" | "revoked" as how:
                taken = casework.settle(connection, number, wanted["activity"], how, reason=wanted["reason"], **words)
            case casework.SENT:
                said = {"reason": wanted["reason"], **words}
                taken = casework.send_by_hand(connection, number, wanted["recipient"], **said)
            case name:
                taken = casework.take(connection, number, name, to=wanted["to"], reason=wanted["reason"], **words)
        casework.send(connection, taken, here.destinations, at)
        casework.owe(connection, taken.assembled, here.senders)
        here.record(connection, *casework.events(taken.assembled, role=who.role))
        return "case-step"

    return press(change, url_for("admin.case", number=number), event("U", "case-step", entities=(("case", number),)))


def _plan(connection: Connection, found: Case, *, revealed: bool) -> dict[str, Any]:
    """The coordination plan with its activities; its words, and the names of drugs, are the patient's own."""
    everybody = cases.same_person(connection, {found.patient})
    held = {f"{one['resourceType']}/{one['id']}": one for one in cases.holdings(connection, everybody)}
    mine = {"system": NUMBER, "value": found.number}
    plan = next((one for one in held.values() if is_ours(one) and mine in one.get("identifier", ())), {})
    named = [one["reference"]["reference"] for one in plan.get("activity", ())]
    lines = [_line(held[name], revealed=revealed) for name in named if name in held]
    concerns = [message(tag["code"]) for tag in plan.get("meta", {}).get("tag", ()) if tag.get("system") == RULES]
    return {"text": plan.get("text", {}).get("div", "") if revealed else "", "activities": lines, "concerns": concerns}


def _line(activity: dict[str, Any], *, revealed: bool) -> dict[str, str]:
    """An activity of the plan: what, which of ours, who does it, where it stands."""
    concept: dict[str, Any] = activity.get("code") or next(iter(activity.get("category", ())), {})
    ours = [one.get("code", "") for one in concept.get("coding", ()) if one.get("system") == ACTIVITIES]
    asked = [one for one in values(activity.get("input"), "type.coding.code") if one in by_post()]
    drug = text_of(activity) if revealed else ""
    return {
        "title": activity.get("description") or concept.get("text") or drug or activity["resourceType"],
        "activity": next(iter((*ours, *asked)), ""),
        "desk": activity.get("performerType", activity.get("owner", {})).get("text", ""),
        "status": activity.get("status", ""),
    }


def _reason(state: str) -> bool:
    told = states.states().get(state)
    return bool(told and told.reason)
