"""gateway/translate/ccda/dosage.py: how a drug is taken, from what the source says and from nothing else."""

import pytest

TABLET = '<administrationUnitCode code="C42998" codeSystem="2.16.840.1.113883.3.26.1.1" displayName="Tablet"/>'
XSI = 'xsi:type="PIVL_TS" operator="A"'
DRUG = '<substanceAdministration classCode="SBADM" moodCode="{mood}">{inside}</substanceAdministration>'


def dosage(bench, inside, mood="EVN"):
    made = bench.step("directions", DRUG.format(mood=mood, inside=inside), {"resourceType": "MedicationRequest"})
    return made.get("dosageInstruction", [{}])[0]


def every(value, unit, at="false"):
    return f'<effectiveTime {XSI} institutionSpecified="{at}"><period value="{value}" unit="{unit}"/></effectiveTime>'


@pytest.mark.parametrize(
    ("time", "repeat"),
    [
        (every("8", "h"), {"frequency": 1, "period": 8, "periodUnit": "h"}),
        (every("8", "h", "true"), {"frequency": 3, "period": 1, "periodUnit": "d"}),
        (every("24.0", "h"), {"frequency": 1, "period": 24, "periodUnit": "h"}),
        (every("0.5", "d"), {"frequency": 2, "period": 1, "periodUnit": "d"}),
        (every("0.3333", "d"), {"frequency": 3, "period": 1, "periodUnit": "d"}),
        (every("1", "wk"), {"frequency": 1, "period": 1, "periodUnit": "wk"}),
    ],
)
def test_how_often_is_what_the_period_says(bench, time, repeat):
    assert dosage(bench, time)["timing"]["repeat"] == repeat


def test_an_interval_between_two_lengths_keeps_both(bench):
    time = f'<effectiveTime {XSI}><period xsi:type="IVL_PQ"><low value="4" unit="h"/><high value="6" unit="h"/>'
    made = dosage(bench, f"{time}</period></effectiveTime>")["timing"]["repeat"]
    assert (made["period"], made["periodMax"], made["periodUnit"]) == (4, 6, "h")


def test_times_are_told_apart_by_their_type_and_not_by_their_place(bench):
    span = '<effectiveTime xsi:type="IVL_TS"><low value="20260101"/><high value="20260131"/></effectiveTime>'
    first, second = dosage(bench, every("8", "h") + span), dosage(bench, span + every("8", "h"))
    assert first == second
    assert first["timing"]["repeat"]["boundsPeriod"] == {"start": "2026-01-01", "end": "2026-01-31"}


def test_two_patterns_are_never_merged_into_a_guess(bench):
    made = dosage(bench, every("8", "h") + every("3", "wk"))
    assert made["timing"] == {"code": {"text": "every 8 h, every 3 wk"}}
    assert "timing-composite" in bench.issues


def test_a_meal_is_an_event_and_takes_no_offset(bench):
    event = '<effectiveTime xsi:type="EIVL_TS"><event code="{}"/><offset value="30" unit="min"/></effectiveTime>'
    assert dosage(bench, event.format("ACM"))["timing"]["repeat"] == {"when": ["ACM"], "offset": 30}
    assert dosage(bench, event.format("C"))["timing"]["repeat"] == {"when": ["C"]}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ('<doseQuantity value="2.50" unit="mg"/>', ("2.50", "mg")),
        (f'<doseQuantity value="1"/>{TABLET}', ("1", "Tablet")),
        ('<doseQuantity value="1"/>', ("1", None)),
    ],
)
def test_a_dose_has_the_unit_that_was_sent_and_no_other(bench, sent, kept):
    [made] = dosage(bench, sent)["doseAndRate"]
    assert (str(made["doseQuantity"]["value"]), made["doseQuantity"].get("unit")) == kept


def test_equal_ends_of_a_range_are_one_dose(bench):
    sent = '<doseQuantity><low value="{}" unit="mg"/><high value="10" unit="mg"/></doseQuantity>'
    assert "doseQuantity" in dosage(bench, sent.format(10))["doseAndRate"][0]
    assert "doseRange" in dosage(bench, sent.format(5))["doseAndRate"][0]


def test_a_precondition_is_as_needed(bench):
    made = dosage(bench, "<precondition><criterion><text>for pain</text></criterion></precondition>")
    assert made["asNeededCodeableConcept"] == {"text": "for pain"}
    assert dosage(bench, '<precondition typeCode="PRCN"/>')["asNeededBoolean"] is True


def test_nothing_said_of_the_dose_gives_no_dosage(bench):
    assert dosage(bench, '<statusCode code="active"/>') == {}
