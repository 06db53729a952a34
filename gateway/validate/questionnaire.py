"""A QuestionnaireResponse against the Questionnaire that it answers."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from gateway.core import r4
from gateway.validate import patterns
from gateway.validate.definitions import Library
from gateway.validate.enable_when import Answers, is_enabled
from gateway.validate.nodes import each
from gateway.validate.references import resolve, type_of
from gateway.validate.scope import Place, Scope

_EXTENSION: Final = "http://hl7.org/fhir/StructureDefinition/"
_SDC: Final = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-"
# Which forms of `value[x]` answer a question of this type.
_FORMS: Final[dict[str, tuple[str, ...]]] = {
    "boolean": ("Boolean",),
    "decimal": ("Decimal",),
    "integer": ("Integer",),
    "date": ("Date",),
    "dateTime": ("DateTime",),
    "time": ("Time",),
    "string": ("String",),
    "text": ("String",),
    "url": ("Uri",),
    "attachment": ("Attachment",),
    "reference": ("Reference",),
    "quantity": ("Quantity",),
    "choice": ("Coding", "Date", "Time", "Integer", "String", "Reference"),
    "open-choice": ("Coding", "Date", "Time", "Integer", "String", "Reference"),
}
_DONE: Final = ("completed", "amended")
Item = dict[str, Any]


def check(response: Item, place: Place, scope: Scope, library: Library) -> None:
    """Judge the answers; a questionnaire that is not here is said to be missing."""
    url = response.get("questionnaire")
    if type(url) is not str:
        return
    found = resolve({"reference": url}, scope) if url.startswith("#") else library.questionnaire(url)
    if found is None or found.get("resourceType") != "Questionnaire":
        scope.not_checked(Place(place, "questionnaire"), "questionnaire.not-checked", url)
        return
    answers: Answers = {}
    _gather(response, answers)
    _Judgement(library, scope, answers, response.get("status") in _DONE).items(found, response, place)


def _gather(node: Item, answers: Answers) -> None:
    """All answers by link id, so that a question can ask for another one's."""
    for item in _items(node):
        given = [one for one in each(item, "answer") if type(one) is dict]
        answers.setdefault(item.get("linkId"), []).extend(given)
        for holder in (item, *given):
            _gather(holder, answers)


class _Judgement:
    """One response under judgement."""

    def __init__(self, library: Library, scope: Scope, answers: Answers, done: bool) -> None:
        self._library = library
        self._scope = scope
        self._answers = answers
        self._done = done

    def items(self, asked: Item, given: Item, place: Place) -> None:
        """The items of one group or answer: each known, in order, as often as asked."""
        questions = {one.get("linkId"): one for one in _items(asked)}
        order, latest = list(questions), -1
        by_link: dict[Any, list[tuple[Item, Place]]] = {}
        for index, item in enumerate(each(given, "item")):
            link = item.get("linkId") if type(item) is dict else None
            if type(item) is not dict or link not in questions:
                self._scope.error("item-unknown", place, "questionnaire.link-id")
                continue
            here = Place(place, "item", index)
            if order.index(link) < latest:
                self._scope.error("structure", here, "questionnaire.order")
            latest = order.index(link)
            by_link.setdefault(link, []).append((item, here))
        for link, question in questions.items():
            self._question(question, by_link.get(link, []), place)

    def _question(self, question: Item, given: list[tuple[Item, Place]], place: Place) -> None:
        enabled = is_enabled(question, self._answers)
        if not given and question.get("required") is True and enabled and self._done:
            self._scope.error("element-missing", Place(place, "item"), "questionnaire.required")
        if len(given) > 1 and question.get("repeats") is not True:
            self._scope.error("element-repeated", given[1][1], "questionnaire.repeats")
        for item, here in given:
            if not enabled and ("answer" in item or "item" in item):
                self._scope.error("item-not-enabled", here, "questionnaire.enabled")
            elif question.get("type") == "group":
                self._group(question, item, here)
            elif question.get("type") == "display":
                if "answer" in item or "item" in item:
                    self._scope.error("element-unknown", here, "questionnaire.display")
            else:
                self._answered(question, item, here)

    def _group(self, question: Item, item: Item, here: Place) -> None:
        if "answer" in item:
            self._scope.error("element-unknown", here, "questionnaire.group")
        if question.get("required") is True and "item" not in item and self._done:
            self._scope.error("invariant-broken", here, "questionnaire.required")
        self.items(question, item, here)

    def _answered(self, question: Item, item: Item, here: Place) -> None:
        answers = list(each(item, "answer"))
        if not answers and question.get("required") is True and self._done:
            self._scope.error("element-missing", Place(here, "answer"), "questionnaire.required")
        if len(answers) > 1 and question.get("repeats") is not True:
            self._scope.error("element-repeated", Place(here, "answer", 1), "questionnaire.repeats")
        if "item" in item:
            self._scope.error("structure", here, "questionnaire.nesting")
        for index, answer in enumerate(answers):
            if type(answer) is dict:
                where = Place(here, "answer", index)
                self._answer(question, answer, where)
                self.items(question, answer, where)

    def _answer(self, question: Item, answer: Item, here: Place) -> None:
        form = next((key.removeprefix("value") for key in answer if key.startswith("value")), "")
        forms = _FORMS.get(str(question.get("type")))
        if not form or forms is None:
            return
        where, value = Place(here, f"value{form}"), answer[f"value{form}"]
        if form not in forms:
            self._scope.error("type-not-allowed", where, "questionnaire.type")
            return
        for rule, holds in _RULES.items():
            if not holds(question, form, value, self._scope):
                place = here if rule in _AT_THE_ANSWER else where
                self._scope.error("answer-not-allowed", place, f"questionnaire.{rule}")
        if question.get("type") != "open-choice":
            self._one_of(question, form, value, here, where)

    def _one_of(self, question: Item, form: str, value: Any, here: Place, where: Place) -> None:
        """An answer is one of those listed, or in the value set."""
        listed = question.get("answerOption")
        if listed and not any(_is_option(one, form, value) for one in each(question, "answerOption")):
            self._scope.error("answer-not-allowed", where, "questionnaire.option")
        if type(url := question.get("answerValueSet")) is str:
            is_code = form == "Coding"
            self._in_value_set(url, value if is_code else {"code": value}, here if is_code else where, is_code)
        units = next(
            (one.get("valueCanonical") for one in _said(question, f"{_EXTENSION}questionnaire-unitValueSet")), ""
        )
        if form == "Quantity" and units:
            self._in_value_set(units, value, where, True)

    def _in_value_set(self, url: str, coded: Any, place: Place, with_system: bool) -> None:
        expansion = self._library.expansion(url)
        if expansion is None and with_system and type(coded) is dict:
            known = self._library.systems(url)
            if known is None or coded.get("system") in known:
                self._scope.not_checked(place, "binding.not-checked", url)
            else:
                self._scope.error("code-not-in-value-set", place, "questionnaire.value-set")
        elif expansion is None:
            self._scope.not_checked(place, "binding.not-checked", url)
        elif type(coded) is dict:
            systems = [str(coded.get("system", ""))] if with_system else list(expansion)
            if not any(coded.get("code") in expansion.get(one, frozenset()) for one in systems):
                self._scope.error("code-not-in-value-set", place, "questionnaire.value-set")


def _items(node: Item) -> Iterator[Item]:
    return (one for one in each(node, "item") if type(one) is dict)


def _said(question: Item, url: str) -> Iterator[Item]:
    """The extensions of a question with this url."""
    return (one for one in each(question, "extension") if type(one) is dict and one.get("url") == url)


def _value(question: Item, *urls: str) -> Any:
    """What the first extension with one of these urls says."""
    found = next((one for url in urls for one in _said(question, url)), {})
    return next((value for key, value in found.items() if key.startswith("value")), None)


def _is_option(option: Any, form: str, value: Any) -> bool:
    wanted = option.get(f"value{form}") if type(option) is dict else None
    if form == "Coding" and type(wanted) is dict and type(value) is dict:
        return bool(wanted.get("code") == value.get("code") and wanted.get("system") == value.get("system"))
    return wanted is not None and patterns.is_fixed(value, wanted)


def _not_below(question: Item, form: str, value: Any, scope: Scope) -> bool:
    least = _value(question, f"{_EXTENSION}minValue", f"{_SDC}minQuantity")
    return least is None or patterns.at_least(least, value, otherwise=False)


def _not_above(question: Item, form: str, value: Any, scope: Scope) -> bool:
    most = _value(question, f"{_EXTENSION}maxValue", f"{_SDC}maxQuantity")
    return most is None or patterns.at_least(value, most, otherwise=False)


def _long_enough(question: Item, form: str, value: Any, scope: Scope) -> bool:
    least = _value(question, f"{_EXTENSION}minLength")
    return type(value) is not str or type(least) is not int or len(value) >= least


def _short_enough(question: Item, form: str, value: Any, scope: Scope) -> bool:
    most = question.get("maxLength")
    return type(value) is not str or type(most) is not int or len(value) <= most


def _written_so(question: Item, form: str, value: Any, scope: Scope) -> bool:
    text = _value(question, f"{_EXTENSION}regex")
    form_of = patterns.foreign(text) if type(text) is str else None
    return form_of is None or type(value) is not str or form_of.fullmatch(value) is not None


def _of_the_media_type(question: Item, form: str, value: Any, scope: Scope) -> bool:
    allowed = [one.get("valueCode") for one in _said(question, f"{_EXTENSION}mimeType")]
    return form != "Attachment" or not allowed or (type(value) is dict and value.get("contentType") in allowed)


def _small_enough(question: Item, form: str, value: Any, scope: Scope) -> bool:
    most = _value(question, f"{_EXTENSION}maxSize")
    if form != "Attachment" or most is None or type(value) is not dict:
        return True
    body, size = value.get("data"), value.get("size")
    length = len(body) * 3 // 4 - body[-2:].count("=") if type(body) is str else size
    return type(length) is not int or length <= most * 1_000_000  # megabytes, says the extension


def _of_the_resource_type(question: Item, form: str, value: Any, scope: Scope) -> bool:
    allowed = [one.get("valueCode") for one in _said(question, f"{_EXTENSION}questionnaire-referenceResource")]
    kind = type_of(value, scope) if form == "Reference" else ""
    return not allowed or not r4.is_resource(kind) or kind in allowed


_RULES: Final[dict[str, Callable[[Item, str, Any, Scope], bool]]] = {
    "min-value": _not_below,
    "max-value": _not_above,
    "min-length": _long_enough,
    "max-length": _short_enough,
    "regex": _written_so,
    "media-type": _of_the_media_type,
    "max-size": _small_enough,
    "resource-type": _of_the_resource_type,
}
_AT_THE_ANSWER: Final = ("media-type", "max-size")
