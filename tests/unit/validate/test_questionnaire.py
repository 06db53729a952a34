"""gateway/validate/questionnaire.py and enable_when.py"""

import pytest

from gateway.core.issue import Severity
from gateway.validate.definitions import Library, core_plan
from gateway.validate.judge import Judge

URL = "https://a.example/Questionnaire/q"
EXTENSION = "http://hl7.org/fhir/StructureDefinition/"
YES_NO = {
    "resourceType": "ValueSet",
    "url": "https://a.example/ValueSet/yes-no",
    "compose": {"include": [{"system": "urn:yn", "concept": [{"code": "y"}, {"code": "n"}]}]},
}


def errors(questions, items, status="completed"):
    asked = {"resourceType": "Questionnaire", "url": URL, "status": "active", "item": questions}
    given = {"resourceType": "QuestionnaireResponse", "questionnaire": URL, "status": status}
    given |= {"item": items} if items else {}
    found = Judge(Library([asked, YES_NO], core_plan())).judge(given)
    return {(one.rule, one.path) for one in found if one.severity is Severity.ERROR}


def question(type, link="a", **more):
    return {"linkId": link, "type": type, **more}


def answered(link, *values, **more):
    return {"linkId": link, "answer": [dict([one]) for one in values], **more}


def limit(name, **value):
    return [{"url": EXTENSION + name, **value}]


VALUE = "QuestionnaireResponse.item[0].answer[0].value"


@pytest.mark.parametrize(
    ("asked", "sound", "wrong", "rule", "path"),
    [
        ({"type": "boolean"}, ("valueBoolean", True), ("valueString", "x"), "type", f"{VALUE}String"),
        ({"type": "string", "maxLength": 2}, ("valueString", "ab"), ("valueString", "abc"), "max-length", None),
        (
            {"type": "string", "extension": limit("minLength", valueInteger=3)},
            ("valueString", "abc"),
            ("valueString", "ab"),
            "min-length",
            None,
        ),
        (
            {"type": "string", "extension": limit("regex", valueString="^[ab]+$")},
            ("valueString", "abba"),
            ("valueString", "abc"),
            "regex",
            None,
        ),
        (
            {"type": "integer", "extension": limit("minValue", valueInteger=3)},
            ("valueInteger", 3),
            ("valueInteger", 2),
            "min-value",
            None,
        ),
        (
            {"type": "date", "extension": limit("maxValue", valueDate="2022-06")},
            ("valueDate", "2022-05-31"),
            ("valueDate", "2022-06-02"),
            "max-value",
            None,
        ),
        (
            {"type": "time", "answerOption": [{"valueTime": "10:00:00"}]},
            ("valueTime", "10:00:00"),
            ("valueTime", "09:00:00"),
            "option",
            None,
        ),
        (
            {"type": "choice", "answerOption": [{"valueCoding": {"code": "a"}}]},
            ("valueCoding", {"code": "a", "display": "A"}),
            ("valueCoding", {"code": "b"}),
            "option",
            None,
        ),
        (
            {"type": "choice", "answerValueSet": YES_NO["url"]},
            ("valueCoding", {"system": "urn:yn", "code": "y"}),
            ("valueCoding", {"system": "urn:yn", "code": "m"}),
            "value-set",
            "QuestionnaireResponse.item[0].answer[0]",
        ),
        (
            {"type": "reference", "extension": limit("questionnaire-referenceResource", valueCode="Patient")},
            ("valueReference", {"reference": "Patient/1"}),
            ("valueReference", {"reference": "Group/1"}),
            "resource-type",
            None,
        ),
        (
            {"type": "attachment", "extension": limit("mimeType", valueCode="image/png")},
            ("valueAttachment", {"contentType": "image/png"}),
            ("valueAttachment", {"contentType": "image/gif"}),
            "media-type",
            "QuestionnaireResponse.item[0].answer[0]",
        ),
        (
            {"type": "attachment", "extension": limit("maxSize", valueDecimal=1)},
            ("valueAttachment", {"size": 1_000_000}),
            ("valueAttachment", {"size": 1_000_001}),
            "max-size",
            "QuestionnaireResponse.item[0].answer[0]",
        ),
    ],
)
def test_an_answer_keeps_to_its_question(asked, sound, wrong, rule, path):
    questions = [{"linkId": "a", **asked}]
    assert errors(questions, [answered("a", sound)]) == set()
    assert errors(questions, [answered("a", wrong)]) == {(f"questionnaire.{rule}", path or VALUE + wrong[0][5:])}


@pytest.mark.parametrize(
    ("questions", "items", "rule", "path"),
    [
        ([question("string", required=True)], [], "required", "QuestionnaireResponse.item"),
        (
            [question("string", required=True)],
            [{"linkId": "a"}],
            "required",
            "QuestionnaireResponse.item[0].answer",
        ),
        ([question("group", required=True)], [{"linkId": "a"}], "required", "QuestionnaireResponse.item[0]"),
        ([question("string")], [answered("b", ("valueString", "x"))], "link-id", "QuestionnaireResponse"),
        (
            [question("string")],
            [answered("a", ("valueString", "x"), ("valueString", "y"))],
            "repeats",
            "QuestionnaireResponse.item[0].answer[1]",
        ),
        (
            [question("display")],
            [answered("a", ("valueString", "x"))],
            "display",
            "QuestionnaireResponse.item[0]",
        ),
        (
            [question("string", "a"), question("string", "b")],
            [answered("b", ("valueString", "x")), answered("a", ("valueString", "x"))],
            "order",
            "QuestionnaireResponse.item[1]",
        ),
    ],
)
def test_the_items_are_those_of_the_questionnaire(questions, items, rule, path):
    assert errors(questions, items) == {(f"questionnaire.{rule}", path)}


def test_a_response_that_is_being_written_may_lack_answers():
    assert errors([question("string", required=True)], [], status="in-progress") == set()


@pytest.mark.parametrize(
    ("operator", "wanted", "asked"),
    [
        ("=", {"answerInteger": 2}, True),
        ("!=", {"answerInteger": 2}, False),
        (">", {"answerInteger": 1}, True),
        ("<", {"answerInteger": 2}, False),
        (">=", {"answerInteger": 2}, True),
        ("<=", {"answerInteger": 1}, False),
        ("exists", {"answerBoolean": True}, True),
        ("exists", {"answerBoolean": False}, False),
    ],
)
def test_a_question_is_asked_when_another_answer_says_so(operator, wanted, asked):
    condition = {"question": "a", "operator": operator, **wanted}
    questions = [question("integer"), question("string", "b", required=True, enableWhen=[condition])]
    first, second = answered("a", ("valueInteger", 2)), answered("b", ("valueString", "x"))
    missing = {("questionnaire.required", "QuestionnaireResponse.item")}
    surplus = {("questionnaire.enabled", "QuestionnaireResponse.item[1]")}
    assert errors(questions, [first]) == (missing if asked else set())
    assert errors(questions, [first, second]) == (set() if asked else surplus)


def test_a_pattern_that_could_run_for_ever_is_not_run():
    asked = question("string", extension=limit("regex", valueString="(a+)+$"))
    assert errors([asked], [answered("a", ("valueString", "a" * 60 + "b"))]) == set()


def test_a_questionnaire_that_is_not_here_is_said_to_be_missing():
    given = {"resourceType": "QuestionnaireResponse", "questionnaire": URL, "status": "completed"}
    found = Judge(Library([], core_plan())).judge(given)
    assert [(one.severity, one.rule) for one in found] == [(Severity.INFORMATION, "questionnaire.not-checked")]


def test_a_canonical_that_names_another_kind_of_resource_is_an_error():
    wrong = {"resourceType": "QuestionnaireResponse", "questionnaire": YES_NO["url"], "status": "completed"}
    found = Judge(Library([YES_NO], core_plan())).judge(wrong)
    assert ("reference.canonical", "QuestionnaireResponse.questionnaire") in {(one.rule, one.path) for one in found}
