"""An order of oral chemotherapy (RDE^O11) becomes MedicationRequests that change neither drug, dose nor words."""

import pytest

from tests.mappings.hl7v2_fixtures import codes, outcome, resources

NAME = "RDE_O11_oral_chemotherapy"


@pytest.fixture(scope="module")
def orders():
    return resources(outcome(NAME), "MedicationRequest")


def test_one_request_for_each_order(orders):
    assert [one["identifier"][0]["value"] for one in orders] == ["RX-5501", "RX-5502", "RX-5400", "RX-5401"]


def test_the_words_of_drug_and_sig_are_verbatim(orders):
    first = orders[0]
    assert first["contained"][0]["code"] == {"text": "Capecitabine 500 mg tablets"}
    assert first["dosageInstruction"][0]["text"] == (
        "Take 3 tablets by mouth twice daily on days 1-14 of each 21 day cycle. .5 mg is not 5 mg."
    )


def test_dose_timing_and_route_are_structured_as_sent(orders):
    dosage = orders[0]["dosageInstruction"][0]
    dose = dosage["doseAndRate"][0]["doseQuantity"]
    assert (str(dose["value"]), dose["code"]) == ("1500", "mg")
    repeat = dosage["timing"]["repeat"]
    assert (repeat["frequency"], repeat["period"], repeat["periodUnit"]) == (2, 1, "d")
    assert repeat["boundsPeriod"] == {"start": "2026-03-09", "end": "2026-03-22"}
    assert codes(dosage["route"]) == [("v3-RouteOfAdministration", "PO"), ("v2-0162", "PO")]


def test_refills_quantity_and_substitution_are_the_pharmacys(orders):
    request = orders[0]
    assert request["dispenseRequest"]["numberOfRepeatsAllowed"] == 2
    assert str(request["dispenseRequest"]["quantity"]["value"]) == "84"
    assert request["priority"] == "stat"


def test_what_was_ordered_otherwise_than_encoded_stays_in_a_note():
    changed = outcome(NAME, ("RXO|^Capecitabine 500 mg tablets|1500", "RXO|^Capecitabine 500 mg tablets|2000"))
    first = resources(changed, "MedicationRequest")[0]
    assert str(first["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]["value"]) == "1500"
    assert {"text": "as ordered: dose 2000 mg"} in first["note"]


def test_as_needed_with_a_pattern_keeps_pattern_and_reason(orders):
    dosage = orders[1]["dosageInstruction"][0]
    assert dosage["asNeededCodeableConcept"] == {"text": "Nausea"}
    assert dosage["timing"]["repeat"] == {"frequency": 1, "period": 8, "periodUnit": "h"}


def test_a_request_to_cancel_is_a_tag_and_not_yet_a_fact(orders):
    cancelled = orders[2]
    assert cancelled["status"] == "active"
    assert [one["code"] for one in cancelled["meta"]["tag"]] == ["cancel-requested"]


def test_an_unknown_verb_is_an_unknown_status_and_never_active(orders):
    assert orders[3]["status"] == "unknown"


@pytest.mark.parametrize(
    ("verb", "state", "medicine", "service"),
    [
        ("NW", "", "active", "active"),
        ("OK", "", "active", "active"),
        ("RO", "", "active", "active"),
        ("RL", "", "active", "active"),
        ("PR", "", "active", "active"),
        ("AF", "", "active", "active"),
        ("CR", "", "cancelled", "revoked"),
        ("OC", "", "cancelled", "revoked"),
        ("DR", "", "stopped", "revoked"),
        ("OD", "", "stopped", "revoked"),
        ("DF", "", "stopped", "revoked"),
        ("HR", "", "on-hold", "on-hold"),
        ("OH", "", "on-hold", "on-hold"),
        ("FU", "", "completed", "completed"),
        ("UA", "", "cancelled", "revoked"),
        ("RQ", "", "stopped", "revoked"),
        ("RU", "", "stopped", "revoked"),
        ("CA", "", "active", "active"),
        ("HD", "", "active", "active"),
        ("RP", "", "active", "active"),
        *((verb, "", "unknown", "unknown") for verb in ("XO", "XX", "XR", "SC", "SN", "NA", "RF", "UC", "QQ", "")),
        ("XX", "IP", "active", "active"),
        ("XX", "SC", "active", "active"),
        ("XX", "A", "active", "active"),
        ("XO", "CM", "completed", "completed"),
        ("XX", "HD", "on-hold", "on-hold"),
        ("CA", "CA", "cancelled", "revoked"),
        ("DC", "DC", "stopped", "revoked"),
        ("RP", "RP", "stopped", "revoked"),
        ("NW", "ER", "entered-in-error", "entered-in-error"),
    ],
)
def test_the_state_sent_goes_before_the_verb(verb, state, medicine, service):
    found = outcome(NAME, ("ORC|ZZ|RX-5401^LAKEPHARM", f"ORC|{verb}|RX-5401^LAKEPHARM|||{state}"))
    assert resources(found, "MedicationRequest")[3]["status"] == medicine
    found = outcome("OML_O21_replaced", ("ORC|ZZ|", f"ORC|{verb}|"), ("L-7004^LAKEEHR^2.16.840.1.113883.19.5.2^ISO||||",
        f"L-7004^LAKEEHR^2.16.840.1.113883.19.5.2^ISO|||{state}|"))  # fmt: skip
    assert resources(found, "ServiceRequest")[3]["status"] == service


@pytest.mark.parametrize(
    ("verb", "status"), [("CA", "cancelled"), ("DC", "stopped"), ("HD", "on-hold"), ("RP", "stopped")]
)
def test_a_request_is_carried_out_at_once_where_that_is_agreed(verb, status):
    found = outcome(NAME, ("ORC|ZZ|", f"ORC|{verb}|"), cancel_request="immediate")
    order = resources(found, "MedicationRequest")[3]
    assert (order["status"], "tag" in order.get("meta", {})) == (status, False)


def test_the_order_and_what_was_encoded_of_it_are_two_where_that_is_agreed():
    original, encoded = resources(outcome("RDE_O11_as_ordered", rxe_rxo_both="two-resources"), "MedicationRequest")
    assert (original["intent"], encoded["intent"]) == ("original-order", "order")
    assert encoded["basedOn"] == [{"reference": f"MedicationRequest/{original['id']}"}]
    assert str(original["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]["value"]) == "600"
    assert not [one for one in encoded["note"] if one["text"].startswith("as ordered")]


def test_a_total_daily_dose_stays_words_where_that_is_agreed():
    found = outcome("RDE_O11_total_daily_dose", total_daily_dose="text-only")
    [dosage] = resources(found, "MedicationRequest")[0]["dosageInstruction"]
    assert "maxDosePerPeriod" not in dosage
    assert {"text": "total daily dose: 1000 milligram"} in dosage["additionalInstruction"]


def test_nothing_is_said_of_a_base_where_that_is_agreed():
    order = resources(outcome("RDE_O11_infusional_regimen", rxc_base="absent"), "MedicationRequest")[0]
    assert ["isActive" in one for one in order["contained"][0]["ingredient"]] == [False, True]


def test_an_order_without_a_prescriber_says_that_there_is_none(orders):
    [reason] = orders[3]["requester"]["extension"]
    assert reason["valueCode"] == "unknown"
    assert orders[0]["requester"]["reference"].startswith("PractitionerRole/")


def test_an_order_that_was_not_encoded_is_an_original_order():
    found = outcome(NAME, ("\rRXE||^Letrozole 2.5 mg|2.5||mg", "\rRXO|^Letrozole 2.5 mg|2.5||mg"))
    last = resources(found, "MedicationRequest")[3]
    assert last["intent"] == "original-order"
    assert str(last["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]["value"]) == "2.5"


def test_a_second_route_is_an_alternative_and_never_a_second_dosage():
    found = outcome(NAME, ("RXR|PO^Oral^HL70162\rNTE", "RXR|PO^Oral^HL70162\rRXR|NG^Nasogastric^HL70162\rNTE"))
    [dosage] = resources(found, "MedicationRequest")[0]["dosageInstruction"]
    assert codes(dosage["route"])[0][1] == "PO"
    assert {"text": "alternative route: Nasogastric"} in dosage["additionalInstruction"]
    assert "route-alternatives" in {issue.code for issue in found.issues}


def test_an_effective_time_that_is_none_stays_in_words_beside_the_bounds_that_were_sent():
    timed = ("TQ1|1||Q4H", "TQ1|1||Q4H||||20260310")
    effective = ("Okafor^Daniel^^^Dr.^^^CMS&2.16.840.1.113883.4.6&ISO^L^^^NPI", "Okafor^Daniel|||soon")
    found = outcome("RDE_O11_dose_range", timed, effective)
    [request] = resources(found, "MedicationRequest")
    assert request["dosageInstruction"][0]["timing"]["repeat"]["boundsPeriod"] == {"start": "2026-03-10"}
    assert request["note"] == [{"text": "effective: soon"}]


ONE = "RDE_O11_per_square_metre"
DOSED = "^Docetaxel|75||mg/m2^^UCUM||^75 mg/m2 over 60 minutes on day 1, every 21 days. BSA 1.74 m2."
TIMED = ("\nTQ1|1||Q3W||||20260316\nRXR|IV^Intravenous^HL70162", "")


def test_directions_that_stand_alone_gain_structure_and_those_beside_a_dose_do_not():
    alone, beside = (
        resources(outcome(ONE, (DOSED, f"^Docetaxel|{amount}||^0.5 mg IV weekly"), TIMED), "MedicationRequest")
        for amount in ("||", "75||mg")
    )
    [[dosage], [told]] = (one[0]["dosageInstruction"] for one in (alone, beside))
    assert (str(dosage["doseAndRate"][0]["doseQuantity"]["value"]), "timing" in dosage) == ("0.5", True)
    assert (str(told["doseAndRate"][0]["doseQuantity"]["value"]), "timing" in told) == ("75", False)


def test_a_finding_stands_at_the_directions_and_a_message_without_a_sender_is_reported_all_the_same():
    daily = (DOSED, "^Methotrexate|||||^1.0 mg PO daily")
    found = outcome(ONE, daily, TIMED, ("|LAKESIDE^2.16.840.1.113883.19.5^ISO|", "||"))
    places = {one.code: one.location for one in found.issues if one.code.startswith(("sig-", "methotrexate"))}
    assert places == {"sig-trailing-zero": "RXE-7.1", "methotrexate-daily": "RXE-7.1"}
    assert resources(found, "MedicationRequest")[0]["reportedBoolean"] is True
