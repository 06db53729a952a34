"""What a case says, in one form for all carriers: as a truth says it, and as the resources of a conversion say it."""

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.cases import Case, is_referral, put_together
from gateway.cases.evidence import ACTIVITIES, values
from tests.synth.truth import Carrier, Truth

View = dict[str, Any]
AT = "2026-11-02T16:00:00.000000Z"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ICD_10_CM = "http://hl7.org/fhir/sid/icd-10-cm"
_TREATMENT = {"planned": "draft", "ongoing": "active", "completed": "completed"}
_ROUTES = {"PO": "26643006"}  # what HL7's table of routes calls by mouth
_ALWAYS = frozenset({"pathology-review", "tumor-board", "opinion-communication", "survivorship-plan"})


def expected(case: Truth, carrier: Carrier) -> View:
    """What has to come back from a carrier: the truth without what it cannot say."""
    said = {name: value for name, value in _truth(case, carrier).items() if name not in carrier.loses}
    return said | ({"plan": _plan(case, carrier)} if carrier.opens else {})


def seen(resources: Iterable[Mapping[str, Any]], carrier: Carrier) -> View:
    """What came back."""
    made = list(resources)
    view: View = {"patient": _without(carrier, _patient(_one(made, "Patient")))}
    if "drugs" not in carrier.loses:
        view["drugs"] = sorted((_drug(one, carrier) for one in _all(made, "MedicationRequest")), key=repr)
    if "rxnorm" not in carrier.loses and "drugs" not in carrier.loses:
        view["rxnorm"] = sorted(_codes(_all(made, "MedicationRequest"), "medicationCodeableConcept", RXNORM))
    if "diagnosis" not in carrier.loses:
        conditions = _all(made, "Condition")
        view["diagnosis"] = sorted(
            {(code, one["code"].get("text")) for one in conditions for code in _codes([one], "code", ICD_10_CM)}
        )
    if "treatment" not in carrier.loses:
        outside = [one for one in _all(made, "CarePlan") if "treatment" in one.get("title", "").lower()]
        view["treatment"] = [one["status"] for one in outside]
    if carrier.opens:
        view["plan"] = _assembled(made)
    return view


def _truth(case: Truth, carrier: Carrier) -> View:
    drugs = [
        (
            one["text"],
            one["sig"],
            None if "status" in carrier.loses else one["status"],
            one["started"],
            (one["dose"], one["unit"], one["times"] / one["hours"], one["route"]) if one["dose"] else None,
        )
        for one in case["drugs"][: 1 if "others" in carrier.loses else None]
    ]
    codes = [] if "drugs" in carrier.loses else [one["rxnorm"] for one in case["drugs"] if one["rxnorm"]]
    view = {
        "patient": _without(
            carrier,
            {
                "name": (case["family"], case["given"]),
                "birth_date": case["birth_date"],
                "sex": case["sex"],
                "mrn": case["mrn"],
                "phone": "".join(filter(str.isdigit, case["phone"])),
                "address": (case["line"], case["city"], case["state"], case["postal_code"], "US"),
                "language": case["language"],
            },
        ),
        "drugs": sorted(drugs, key=repr),
        "rxnorm": sorted(codes),
        "diagnosis": [(case["icd10"], case["diagnosis"])],
        "treatment": [_TREATMENT[case["treatment"]]],
    }
    return view if "drugs" not in carrier.loses else {k: v for k, v in view.items() if k != "rxnorm"}


def _plan(case: Truth, carrier: Carrier) -> View:
    """The coordination plan that the rules call for, of what this carrier says."""
    activities = set(_ALWAYS) | {"insurance-verification"}
    if case["stage"].startswith("IV"):
        activities.add("clinical-trial-screen")
    if case["stage"].startswith(("III", "IV")) and case["group"] != "haematology":
        activities.add("genomic-testing")
    if "drugs" not in carrier.loses and any(one["oral"] and one["status"] == "active" for one in case["drugs"]):
        activities |= {"oral-chemo-delivery", "oral-chemo-teaching"}
    if "wishes" not in carrier.loses and case["travel"]:
        activities.add("travel-lodging")
    return {"activities": sorted(activities), "addresses": [case["icd10"]], "question": case["question"]}


def _assembled(made: list[Mapping[str, Any]]) -> View:
    [referral] = [one for one in made if is_referral(one)]
    known = [one for one in made if one["resourceType"] != "Task"]
    together = put_together(Case(referral["id"], "synth", opened=AT), known, at=AT).made
    plan = next(one for one in together if one["resourceType"] == "CarePlan")
    by_name = {f"{one['resourceType']}/{one['id']}": one for one in [*known, *together]}
    activities = {
        code["code"]
        for step in plan["activity"]
        for element in ("category", "code")
        for code in values(by_name[step["reference"]["reference"]].get(element), "coding")
        if code["system"] == ACTIVITIES
    }
    addressed = [by_name[one["reference"]] for one in plan.get("addresses", ())]
    return {
        "activities": sorted(activities),
        "addresses": sorted(_codes(addressed, "code", ICD_10_CM)),
        "question": list(values(referral, "reasonCode.text"))[-1],
    }


def _patient(patient: Mapping[str, Any]) -> View:
    [name], [address] = patient["name"], patient["address"]
    return {
        "name": (name["family"], " ".join(name["given"])),
        "birth_date": patient["birthDate"],
        "sex": patient["gender"],
        "mrn": patient["identifier"][0]["value"],
        "phone": "".join(filter(str.isdigit, patient["telecom"][0]["value"])),
        "address": (*address["line"], address["city"], address["state"], address["postalCode"], address["country"]),
        "language": next(values(patient, "communication.language.coding.code"), None),
    }


def _without(carrier: Carrier, said: View) -> View:
    return {name: value for name, value in said.items() if name not in carrier.loses}


def _drug(request: Mapping[str, Any], carrier: Carrier) -> tuple[Any, ...]:
    [dosage] = request["dosageInstruction"]
    started = request.get("authoredOn") or next(values(dosage, "timing.repeat.boundsPeriod.start"), None)
    return (
        request["medicationCodeableConcept"]["text"],
        dosage["text"],
        None if "status" in carrier.loses else request["status"],
        started and started[:10],
        _dose(dosage),
    )


def _dose(dosage: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """Amount, unit, times an hour, route."""
    repeat = dosage.get("timing", {}).get("repeat", {})
    quantity = next(values(dosage, "doseAndRate.doseQuantity"), None)
    if quantity is None:
        return None
    hours = float(repeat["period"]) * {"h": 1, "d": 24, "wk": 168}[repeat["periodUnit"]]
    routes = [_ROUTES.get(code, code) for code in values(dosage, "route.coding.code")]
    return (str(quantity["value"]), quantity["code"], repeat.get("frequency", 1) / hours, next(iter(routes), None))


def _codes(resources: Iterable[Mapping[str, Any]], element: str, system: str) -> list[str]:
    codings = (one for resource in resources for one in values(resource.get(element), "coding"))
    return [one["code"] for one in codings if one.get("system") == system]


def _all(made: list[Mapping[str, Any]], type: str) -> list[Mapping[str, Any]]:
    return [one for one in made if one["resourceType"] == type]


def _one(made: list[Mapping[str, Any]], type: str) -> Mapping[str, Any]:
    [found] = _all(made, type)
    return found
