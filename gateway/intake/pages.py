"""The clinic's pages: send a file or fill the form, and see how a submission is getting on."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from gateway.access.caller import caller, identify, require
from gateway.casework import Opinion
from gateway.core import fhirjson
from gateway.intake import form, words
from gateway.intake.limits import check_rate, check_size, one_file
from gateway.intake.lookup import Course
from gateway.intake.receive import Arrival, receive
from gateway.intake.summary import summary
from gateway.services import services
from gateway.store.submissions import Submission

door = Blueprint("submit", __name__, url_prefix="/submit")
for hook in (check_size, identify, require("clinic")):
    door.before_request(hook)

_SOON: Final = timedelta(minutes=1)


@door.get("")
def start() -> ResponseReturnValue:
    """Ask what the clinic has: a file, or nothing electronic."""
    return _ask({}, {})


@door.post("/file")
def send_file() -> ResponseReturnValue:
    """Take the chosen file."""
    check_rate()
    file = one_file()
    body = file.read()
    if not body:
        return _ask({}, {"file": "Choose a file that is not empty."}), 422
    return _sent(Arrival(body, file.mimetype, file.filename), "file")


@door.post("/form")
def send_form() -> ResponseReturnValue:
    """Take the filled form as a document of its own, or say at each field what is wrong."""
    check_rate()
    answers = request.form.to_dict()
    if "more" in answers:
        return _ask(answers, {})
    document, wrong = form.read(answers, form.referral_form(), services().clock.now().date())
    if wrong:
        return _ask(answers, wrong), 422
    return _sent(Arrival(fhirjson.write(document), "application/json", "referral-form.json"), "form")


def status(course: Course) -> ResponseReturnValue:
    """The page of one submission; while the next step comes by itself, it looks again by itself."""
    found, outcome = course.submission, course.outcome
    answer = make_response(
        render_template(
            "submit/status.html",
            submission=found,
            steps=words.steps(found, course.events),
            act=course.act,
            read=summary(outcome.bundle) if outcome and outcome.bundle else None,
            case=course.case,
            issues=words.troubles(course.issues),
            counts=outcome.counts if outcome else {},
        )
    )
    if words.is_under_way(found):
        age = services().clock.now() - datetime.fromisoformat(found.updated)
        answer.headers["Refresh"] = "2" if age < _SOON else "30"
    return _private(answer)


def listing(found: list[Submission], following: int | None) -> ResponseReturnValue:
    """The page of the clinic's submissions."""
    return _private(make_response(render_template("submit/listing.html", submissions=found, following=following)))


def opinion(id: str, found: Opinion) -> ResponseReturnValue:
    """The page of an opinion: its words, and its documents to be saved."""
    words = found.composition["text"]["div"]
    kinds = [kind.partition(";")[0] for kind, _ in found.attachments]
    return _private(
        make_response(render_template("submit/opinion.html", id=id, case=found.case, words=words, kinds=kinds))
    )


def _ask(answers: Mapping[str, str], wrong: Mapping[str, str]) -> Response:
    asked = form.referral_form()
    rows = {
        name: min(field.rows, form.rows_shown(answers, field, name) + (answers.get("more") == name))
        for section in asked.sections
        for field in section.fields
        if field.type == "rows"
        for name in [f"{section.name}.{field.name}"]
    }
    page = render_template(
        "submit/submit.html", form=asked, answers=answers, wrong=wrong, rows=rows, summary=form.summary(wrong, asked)
    )
    return _private(make_response(page))


def _sent(arrival: Arrival, what: str) -> ResponseReturnValue:
    receipt = receive(services(), arrival, clinic=caller().clinic, agent=caller().key)
    return redirect(url_for("intake.status", id=receipt.id, sent=what), 303)


def _private(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "no-store"
    return answer
