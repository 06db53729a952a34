"""What is known of a drug that a MedicationRequest names: its ingredients, whether it is against cancer, its route."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from marshmallow import Schema, fields, post_load

from gateway.core.outcome import BASE
from gateway.core.table import MAPPINGS, load

Resource = Mapping[str, Any]
RXNORM: Final = "http://www.nlm.nih.gov/research/umls/rxnorm"
CYCLE: Final = f"{BASE}/StructureDefinition/so-regimen-cycle"
INTENT: Final = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-procedure-intent"
SUPPORTIVE: Final = ("http://snomed.info/sct", "399707004")
_ORAL: Final = ("http://snomed.info/sct", "26643006")
_BY_MOUTH: Final = re.compile(r"(?i)\b(?:p\.?o\.?|oral(?:ly)?|by mouth)\b")


@dataclass(frozen=True, slots=True)
class Ingredient:
    """A row of mappings/cases/antineoplastics.yaml."""

    ingredient: str
    rxnorm: str = ""
    group: str = ""
    oral: bool = False
    days_off: bool = False
    weekly: bool = False
    supportive: bool = False
    against_cancer: bool = True


class _IngredientSchema(Schema):
    ingredient = fields.String(required=True)
    rxnorm = fields.String(load_default="")
    group = fields.String(load_default="")
    oral = fields.Boolean(load_default=False)
    days_off = fields.Boolean(load_default=False)
    weekly = fields.Boolean(load_default=False)
    supportive = fields.Boolean(load_default=False)


class _IngredientsSchema(Schema):
    ingredients = fields.List(fields.Nested(_IngredientSchema), required=True)
    others = fields.List(fields.Nested(_IngredientSchema), required=True)

    @post_load
    def _made(self, found: dict[str, Any], **_: Any) -> dict[str, Any]:
        against = [Ingredient(**one) for one in found["ingredients"]]
        return {"rows": [*against, *(Ingredient(**one, against_cancer=False) for one in found["others"])]}


@cache
def _ingredients() -> tuple[re.Pattern[str], dict[str, Ingredient], dict[str, Ingredient]]:
    """A search for any of the words; the rows by word and by code; raises MappingTableError."""
    rows = load(MAPPINGS / "cases" / "antineoplastics.yaml", _IngredientsSchema())["rows"]
    named = {row.ingredient: row for row in rows}
    search = re.compile(r"(?i)\b(" + "|".join(sorted(map(re.escape, named))) + r")\b")
    return search, named, {row.rxnorm: row for row in rows if row.rxnorm}


def ingredients(request: Resource) -> list[Ingredient]:
    """The ingredients that a drug's codes and words name, each once."""
    return list(dict.fromkeys(_found(drug_of(request))))


def rxnorm(text: str) -> str:
    """The RxNorm code of a drug whose text is the name of an ingredient and nothing else, but for case and blanks."""
    row = _ingredients()[1].get(" ".join(text.lower().split()))
    return row.rxnorm if row else ""


def is_cancer_drug(request: Resource) -> bool:
    """Whether a drug is against cancer: by its ingredient, or since it belongs to a regimen and is not supportive."""
    known, told = ingredients(request), {one.get("url"): one for one in request.get("extension", ())}
    if any(one.against_cancer for one in known):
        return True
    if any(one.supportive for one in known) or is_supportive(told.get(INTENT, {})):
        return False
    return CYCLE in told or INTENT in told


def is_supportive(intent: Resource) -> bool:
    """Whether a treatment's intent, as mCODE's extension has it, is supportive."""
    codings = intent.get("valueCodeableConcept", {}).get("coding", ())
    return any((one.get("system"), one.get("code")) == SUPPORTIVE for one in codings)


def is_swallowed(request: Resource) -> bool:
    """Whether a drug is taken by mouth: its route or its directions say so, or it is given in no other way."""
    dosages = request.get("dosageInstruction", ())
    if routes := [one["route"] for one in dosages if one.get("route")]:
        return any(map(_by_mouth, routes))
    if any(_BY_MOUTH.search(one.get("text", "")) for one in dosages):
        return True
    return any(one.oral for one in ingredients(request))


def entry_of(request: Resource) -> tuple[str, ...]:
    """What tells an entry of a drug list that has no number from the others: whose, which drug, since when.

    Told again with another dose or status it is the same entry. Nothing where the drug is not named.
    """
    concept = drug_of(request)
    coded = (one["code"] for one in concept.get("coding", ()) if one.get("system") == RXNORM and "code" in one)
    name = next(coded, "") or " ".join(text_of(request).lower().split())
    kind = "not to be taken" if request.get("doNotPerform") else "taken"
    whose = request.get("subject", {}).get("reference", "")
    return ("drug", kind, whose, name, _start(request)) if name else ()


def _start(request: Resource) -> str:
    """Since when, as the first dosage tells it."""
    dosage: Resource = next(iter(request.get("dosageInstruction", ())), {})
    beside = (one["valuePeriod"] for one in dosage.get("extension", ()) if "valuePeriod" in one)
    period: Resource = dosage.get("timing", {}).get("repeat", {}).get("boundsPeriod") or next(beside, {})
    start: str = period.get("start", "")
    return start


def drug_of(request: Resource) -> Resource:
    """The drug's concept, of the request itself or of the Medication that it contains."""
    contained = (one["code"] for one in request.get("contained", ()) if "code" in one)
    found: Resource = request.get("medicationCodeableConcept") or next(contained, {})
    return found


def text_of(request: Resource) -> str:
    """The drug in the words of its source."""
    return next(_texts(drug_of(request)), "")


def _texts(concept: Resource) -> Iterator[str]:
    said = (concept.get("text"), *(one.get("display") for one in concept.get("coding", ())))
    return (one for one in said if isinstance(one, str) and one)


def _by_mouth(route: Resource) -> bool:
    if any((one.get("system"), one.get("code")) == _ORAL for one in route.get("coding", ())):
        return True
    return any(map(_BY_MOUTH.search, _texts(route)))


def _found(drug: Resource) -> Iterator[Ingredient]:
    search, named, coded = _ingredients()
    for coding in drug.get("coding", ()):
        if coding.get("system") == RXNORM and coding.get("code") in coded:
            yield coded[coding["code"]]
    for text in _texts(drug):
        for word in search.findall(text):
            yield named[word.lower()]
