"""Which of a patient's drugs are against cancer, and which of these are swallowed, as mappings/cases says."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from marshmallow import Schema, fields

from gateway.cases.evidence import Resource, values
from gateway.core.outcome import BASE
from gateway.core.table import MAPPINGS, load

_RXNORM: Final = "http://www.nlm.nih.gov/research/umls/rxnorm"
_CYCLE: Final = f"{BASE}/StructureDefinition/so-regimen-cycle"
_ORAL: Final = ("http://snomed.info/sct", "26643006")
_BY_MOUTH: Final = re.compile(r"(?i)\b(?:p\.?o\.?|oral(?:ly)?|by mouth)\b")
# A request in one of these is past, or was never meant.
_OVER: Final = frozenset({"completed", "stopped", "cancelled", "entered-in-error"})


class _IngredientSchema(Schema):
    ingredient = fields.String(required=True)
    rxnorm = fields.String(load_default="")
    oral = fields.Boolean(load_default=False)


class _IngredientsSchema(Schema):
    ingredients = fields.List(fields.Nested(_IngredientSchema), required=True)


@cache
def _ingredients() -> tuple[re.Pattern[str], dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    """A search for any of the words; the rows by word and by code."""
    rows = load(MAPPINGS / "cases" / "antineoplastics.yaml", _IngredientsSchema())["ingredients"]
    words = {row["ingredient"]: row for row in rows}
    search = re.compile(r"(?i)\b(" + "|".join(sorted(map(re.escape, words))) + r")\b")
    return search, words, {row["rxnorm"]: row for row in rows if row["rxnorm"]}


def is_current(request: Resource) -> bool:
    """Whether a drug is taken or planned, as far as its status says."""
    return request.get("status") not in _OVER and not request.get("doNotPerform")


def is_cancer_drug(request: Resource) -> bool:
    """Whether a drug is against cancer: by its ingredient, or since it belongs to a regimen."""
    return any(True for _ in _found(request)) or any(one.get("url") == _CYCLE for one in request.get("extension", ()))


def is_swallowed(request: Resource) -> bool:
    """Whether a drug is taken by mouth: its route or its directions say so, or it is given in no other way."""
    routes = list(values(request, "dosageInstruction.route"))
    if routes:
        return any(_by_mouth(route) for route in routes)
    if any(_BY_MOUTH.search(text) for text in values(request, "dosageInstruction.text")):
        return True
    return any(row["oral"] for row in _found(request))


def text_of(request: Resource) -> str:
    """The drug in the words of its source."""
    drug = _drug(request)
    return str(drug.get("text") or next(values(drug, "coding.display"), ""))


def _drug(request: Resource) -> Resource:
    """The drug's concept, of the request itself or of the Medication that it contains."""
    contained = (one["code"] for one in request.get("contained", ()) if "code" in one)
    found: Resource = request.get("medicationCodeableConcept") or next(contained, {})
    return found


def _by_mouth(route: Resource) -> bool:
    if any((one.get("system"), one.get("code")) == _ORAL for one in route.get("coding", ())):
        return True
    return any(_BY_MOUTH.search(text) for text in (*values(route, "text"), *values(route, "coding.display")))


def _found(request: Resource) -> Iterator[dict[str, Any]]:
    search, words, codes = _ingredients()
    drug = _drug(request)
    for coding in drug.get("coding", ()):
        if coding.get("system") == _RXNORM and coding.get("code") in codes:
            yield codes[coding["code"]]
    for text in (*values(drug, "text"), *values(drug, "coding.display")):
        for word in search.findall(text):
            yield words[word.lower()]
