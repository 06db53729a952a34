"""/admin/identity: the questions of who is who, and one of them side by side, for a person to decide."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from flask import request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from gateway.access.caller import caller
from gateway.admin import words
from gateway.admin.door import asked, door, event, if_match, now, press, session, show
from gateway.admin.panes.mask import kind
from gateway.admin.panes.pieces import View
from gateway.admin.questions import REASONS, IdentityQuestion, Purpose, Verdict, check
from gateway.admin.submissions import REVEALED_FOR
from gateway.casework import events, identity
from gateway.core import fhirjson
from gateway.core.clock import instant
from gateway.match.sides import reasons, side_by_side
from gateway.services import services
from gateway.store import actions, cases, matches, patients
from gateway.store.matches import Match

PAGE: Final = 50
_SHOWN: Final = {"asked": matches.ASKED, "same": (matches.SAME,), "apart": (matches.APART,)}
Resource = dict[str, Any]


@door.get("/identity")
def identity_list() -> ResponseReturnValue:
    """Pairs of records that a person is asked about; those that are linked; those that were told apart."""
    question = check(IdentityQuestion, request.args)

    def look(connection: Connection) -> dict[str, Any]:
        found = matches.listing(connection, _SHOWN[question["show"]], limit=PAGE, skip=question["skip"])
        ids = {one for match in found for one in (match.patient, match.candidate)}
        known = {one["id"]: one for one in patients.named(connection, ids)}
        questions = [_question(one, _records(one, known)) for one in found]
        counts = matches.counts(connection)
        shown = {name: sum(counts.get(state, 0) for state in states) for name, states in _SHOWN.items()}
        return {"counts": shown, "questions": questions}

    facts = services().store.read(look)
    return show("identity.html", facts, question=question, page=PAGE)


@door.get("/identity/<id>")
def match(id: str) -> ResponseReturnValue:
    """Two records side by side: masked until they are revealed; looking leaves its event."""
    here, who, at = services(), session(), now()
    found = here.store.read(lambda connection: matches.find(connection, id))
    facts = here.store.read(lambda connection: _facts(connection, found, who, at))
    here.witness(event("R", "read", entities=identity.about(found)))
    return show("match.html", facts, purposes=REASONS, words=words)


@door.post("/identity/<id>/decisions")
def decide_match(id: str) -> ResponseReturnValue:
    """Decide on a pair. The version of the question that was seen is in the form or in If-Match."""
    wanted = check(Verdict, {"version": if_match(), **asked()})
    here, who = services(), caller()
    verdict, found = wanted["decision"], here.store.read(lambda connection: matches.find(connection, id))

    def change(connection: Connection, at: str) -> str:
        settled = identity.decide(
            connection, id, verdict, actor=who.key, version=wanted["version"], at=at, reason=wanted["reason"]
        )
        identity.send(connection, settled, here.destinations, at)
        here.record(connection, *(one for case in settled.cases for one in events(case, role=who.role)))
        return f"match-{verdict}"

    return press(change, _page(id), event("U", "match", entities=(*identity.about(found), ("decision", verdict))))


@door.post("/identity/<id>/reveal")
def reveal_match(id: str) -> ResponseReturnValue:
    """Unmask both records, and the submissions that said them last, for this session and a quarter of an hour."""
    purpose, who = check(Purpose, asked())["reason"], session()
    until = instant(services().clock.now() + REVEALED_FOR)

    def unmask(connection: Connection, submission: str, at: str) -> None:
        actions.reveal(connection, who, submission, at=at, until=until)

    return _curtain(id, "reveal", unmask, purpose)


@door.post("/identity/<id>/cover")
def cover_match(id: str) -> ResponseReturnValue:
    """Mask them again before their time."""
    who = session()
    return _curtain(id, "cover", lambda connection, submission, _: actions.cover(connection, who, submission))


def _curtain(
    id: str, what: str, move: Callable[[Connection, str, str], None], purpose: str = ""
) -> ResponseReturnValue:
    """Unmask or mask what stands behind a pair: one event for each submission beside that of the pair."""
    here = services()
    found = here.store.read(lambda connection: matches.find(connection, id))
    sources = here.store.read(lambda connection: _sources(connection, found))
    action = "R" if what == "reveal" else "U"
    told = [event(action, what, submission=one, purpose=purpose) for one in sources]

    def change(connection: Connection, at: str) -> str:
        for one in sources:
            move(connection, one, at)
        here.record(connection, *told)
        return what

    return press(change, _page(id), event(action, what, entities=identity.about(found), purpose=purpose))


def _facts(connection: Connection, found: Match, who: str, at: str) -> dict[str, Any]:
    known = {one["id"]: one for one in patients.named(connection, {found.patient, found.candidate})}
    records = _records(found, known)
    sources = _sources(connection, found)
    until = [actions.revealed_until(connection, who, source, at) for source in sources]
    view = View((), revealed=bool(until) and None not in until)
    return {
        **_question(found, records),
        "revealed": view.revealed,
        "until": min(filter(None, until), default=None) if view.revealed else None,
        "lines": list(_lines(found, records, view)),
        "sides": [_side(connection, one.get("id", "")) for one in records[found.said is not None :] if one.get("id")],
        "verdicts": list(identity.VERDICTS[found.state]),
        "history": matches.history(connection, found.id),
    }


def _question(found: Match, records: Sequence[Resource]) -> dict[str, Any]:
    """A pair with the reasons of its grade in words; what a submission said that is set aside is not among them."""
    told = {name: getattr(found, name) for name in Match.__slots__ if name != "said"}
    agree, against = reasons(found.rule, found.vetoes.split(), records[0], records[1])
    who = [_initials(one) for one in records]
    return {"match": told, "who": who, "agree": agree, "against": against, "remark": words.REMARKS.get(found.rule, "")}


def _records(found: Match, known: dict[str, Resource]) -> list[Resource]:
    """Both records; of a submission that is set aside, what it says, whose number that is, and whose name, if known."""
    if found.said is not None:
        return list(fhirjson.read_own(found.said))
    return [known.get(found.patient, {}), known.get(found.candidate, {})]


def _sources(connection: Connection, found: Match) -> list[str]:
    """The submissions that said either record last."""
    if found.said is not None:
        return [found.submission]
    both = (matches.behind(connection, one, limit=1) for one in (found.patient, found.candidate))
    return list(dict.fromkeys(one.id for newest in both for one in newest))


def _side(connection: Connection, patient: str) -> dict[str, Any]:
    """What stands behind a record, what it holds, and the cases that rest on it."""
    return {
        "patient": patient,
        "submissions": matches.behind(connection, patient),
        "holds": matches.holdings(connection, patient),
        "cases": [one.number for one in cases.of_patients(connection, {patient})],
    }


def _lines(found: Match, records: Sequence[Resource], view: View) -> Iterator[dict[str, Any]]:
    """Each line with its values as they may be seen; a third record stands beside the first two."""
    one, other, *named = records
    third = {line.name: line.other for each in named for line in side_by_side(one, each)}
    for line in side_by_side(one, other, rule=found.rule, vetoes=found.vetoes.split()):
        sides = [line.one, line.other, *(third.get(line.name, ()) for _ in named)]
        told = {"name": line.name, "sides": [[view.shown(text, kind(line.path))[0] for text in side] for side in sides]}
        yield told | {"says": line.says, "means": line.means}


def _initials(patient: Resource) -> str:
    """As much of a name and a birth date as may be seen of everybody."""
    name: Resource = next(iter(patient.get("name", ())), {})
    parts = (*name.get("given", ())[:1], name.get("family"))
    letters = " ".join(f"{part[0]}." for part in parts if part)
    return f"{letters} {patient.get('birthDate', '')[:4]}".strip()


def _page(id: str) -> str:
    return url_for("admin.match", id=id)
