"""Whether a question of a questionnaire is asked at all: `enableWhen`."""

from collections.abc import Callable
from typing import Any, Final

from gateway.validate.nodes import each
from gateway.validate.patterns import at_least, is_fixed

Answers = dict[Any, list[dict[str, Any]]]  # the answers given, by link id


def is_enabled(question: dict[str, Any], answers: Answers) -> bool:
    """Whether its conditions hold: all of them, or one where the question says so."""
    conditions = [one for one in each(question, "enableWhen") if type(one) is dict]
    if not conditions:
        return True
    held = [_holds(one, answers.get(one.get("question"), [])) for one in conditions]
    return all(held) if question.get("enableBehavior") == "all" else any(held)


def _holds(condition: dict[str, Any], given: list[dict[str, Any]]) -> bool:
    wanted = next((value for key, value in condition.items() if key.startswith("answer")), None)
    values = [next((v for key, v in one.items() if key.startswith("value")), None) for one in given]
    operator = condition.get("operator")
    if operator == "exists":
        return bool(values) == (wanted is True)
    compare = _OPERATORS.get(str(operator))
    return compare is not None and any(one is not None and compare(one, wanted) for one in values)


def _equal(value: Any, wanted: Any) -> bool:
    if type(value) is dict and type(wanted) is dict:
        return all(value.get(name) == wanted.get(name) for name in ("system", "code", "reference", "value"))
    return is_fixed(value, wanted)


_OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": _equal,
    "!=": lambda value, wanted: not _equal(value, wanted),
    ">": lambda value, wanted: not at_least(value, wanted, otherwise=True),
    "<": lambda value, wanted: not at_least(wanted, value, otherwise=True),
    ">=": lambda value, wanted: at_least(wanted, value, otherwise=False),
    "<=": lambda value, wanted: at_least(value, wanted, otherwise=False),
}
