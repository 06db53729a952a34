"""gateway/pipeline.py"""

import gc
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from gateway import pipeline
from gateway.core import fhirjson
from gateway.core.submission import Sender

FIXTURES = Path(__file__).parents[1] / "fixtures"
SAMPLES = sorted(one for one in FIXTURES.rglob("*") if one.is_file() and one.suffix != ".yaml")  # sheets stand beside


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda one: one.name)
def test_every_sample_comes_through_sound_and_its_ledger_adds_up(sample):
    outcome = pipeline.process(sample.read_bytes(), sender=Sender(clinic="riverbend"))
    assert outcome.error is None
    assert outcome.sound, [issue for issue in outcome.issues if issue.severity in ("error", "fatal")]
    found = outcome.counts
    assert found["leaves"] == len(outcome.ledger) > 0
    assert found["leaves"] == sum(number for state, number in found.items() if state != "leaves")


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda one: one.name)
def test_the_same_bytes_give_the_same_bytes(sample):
    first, second = (fhirjson.write(pipeline.process(sample.read_bytes()).bundle) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda one: one.name)
def test_every_reference_finds_its_resource(sample):
    bundle = pipeline.process(sample.read_bytes()).bundle
    names = {f"{one['resource']['resourceType']}/{one['resource']['id']}" for one in bundle["entry"]}
    assert set(_references(bundle)) <= names


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "unsupported-format"),
        (b"%PDF-1.7", "unsupported-format"),
        (b"MSH", "unsupported-format"),
        (b'{"resourceType":', "unsafe-json"),
        (b'{"resourceType":"Nothing"}', "unsupported-format"),
        (b"<ClinicalDocument xmlns='urn:hl7-org:v3'>", "malformed-message"),
        (
            b"<!DOCTYPE x [<!ENTITY e 'x'>]><ClinicalDocument xmlns='urn:hl7-org:v3'>&e;</ClinicalDocument>",
            "unsafe-xml",
        ),
    ],
)
def test_bad_input_gives_its_error_and_no_exception(body, code):
    outcome = pipeline.process(body)
    assert outcome.error is not None
    assert outcome.error.code == code
    assert not outcome.sound


@settings(max_examples=200, deadline=None)
@given(some.binary(max_size=400))
def test_no_bytes_whatever_raise(body):
    pipeline.process(body)
    pipeline.process(b"MSH|^~\\&|" + body)
    outcome = pipeline.process(b'{"resourceType":"Patient","x":"' + body + b'"}')
    assert outcome.bundle is not None or outcome.error is not None


def test_a_media_type_that_differs_is_an_issue_and_no_refusal():
    outcome = pipeline.process((FIXTURES / "form" / "referral.json").read_bytes(), media_type="text/csv")
    assert "media-type-differs" in {issue.code for issue in outcome.issues}
    assert outcome.bundle is not None


def test_the_original_and_its_receipt_stand_on_the_provenance():
    received = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    bundle = pipeline.process((FIXTURES / "form" / "referral.json").read_bytes(), received=received).bundle
    resources = [entry["resource"] for entry in bundle["entry"]]
    provenance = next(one for one in resources if one["resourceType"] == "Provenance")
    assert provenance["recorded"] == "2026-03-02T09:00:00.000000Z"
    what = provenance["entity"][0]["what"]["reference"]
    assert any(f"{one['resourceType']}/{one['id']}" == what for one in resources)


def test_a_referral_gets_its_case_with_what_is_missing():
    bundle = pipeline.process((FIXTURES / "form" / "referral.json").read_bytes()).bundle
    task = next(entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == "Task")
    missing = {one["type"]["coding"][0]["code"] for one in task["input"]}
    assert {"pathology-report", "imaging-report"} <= missing
    assert "medication-list" not in missing


def _references(node):
    if isinstance(node, dict):
        if isinstance(node.get("reference"), str) and not node["reference"].startswith("#"):
            yield node["reference"]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def test_a_message_of_a_batch_that_is_refused_costs_no_other_and_is_told():
    head = "MSH|^~\\&|HIS|WEST|||20260301||ADT^A08|{}|P|2.5.1"
    lone = "PID|1||{0}^^^HIS^MR||Marlowe^Ines{0}"
    two = f"{lone.format(8)}\r{lone.format(9)}"
    batch = [
        "BHS|^~\\&|HIS",
        head.format(1),
        lone.format(7),
        head.format(2),
        two,
        head.format(3),
        lone.format(6),
        "BTS|3",
    ]
    outcome = pipeline.process("\r".join(batch).encode())
    names = [
        one["resource"]["name"][0] for one in outcome.bundle["entry"] if one["resource"]["resourceType"] == "Patient"
    ]
    assert outcome.sound
    assert [one["given"] for one in names] == [["Ines7"], ["Ines6"]]
    told = [(one.location, one.rule) for one in outcome.issues if one.code == "record-refused"]
    assert told == [("MSH[2]", "multi-patient")]
    assert {line.state for line in outcome.ledger if line.location.startswith("PID[2]-")} == {"unmapped"}


def test_a_batch_of_which_every_message_is_refused_is_refused():
    head = "MSH|^~\\&|HIS|WEST|||20260301||ADT^A08|{}|P|2.5.1\rPID|1||7^^^HIS||A\rPID|2||8^^^HIS||B\r"
    assert pipeline.process((head.format(1) + head.format(2)).encode()).error.code == "multi-patient"


def test_what_each_message_of_a_batch_adds_is_kept_and_the_last_word_stands():
    head = "MSH|^~\\&|HIS|WEST|||20260301||ADT^A08|{}|P|2.5.1"
    first = "PID|1||7^^^HIS^MR||Marlowe^Ines||19610412|F|||||^PRN^PH^^1^555^0100"
    second = "PID|1||7^^^HIS^MR||Marlowe^Ines||19610421|F||||||^WPN^PH^^1^555^0101"
    batch = "\r".join(["BHS|^~\\&|HIS", head.format(1), first, head.format(2), second, "BTS|2"])
    outcome = pipeline.process(batch.encode(), judge=False)
    (patient,) = [one["resource"] for one in outcome.bundle["entry"] if one["resource"]["resourceType"] == "Patient"]
    assert patient["birthDate"] == "1961-04-21"
    assert sorted(one["value"] for one in patient["telecom"]) == ["+1 555 0100", "+1 555 0101"]
    assert [one.path for one in outcome.issues if one.code == "told-otherwise"] == ["Patient.birthDate"]
    earlier, later = [line for line in outcome.ledger if line.location.endswith("PID-7")]
    assert (earlier.state, earlier.path, later.state) == ("failed", "", "mapped")


@pytest.mark.parametrize("sample", ["ccda/care_plan.xml", "hl7v2/REF_I12_second_opinion.hl7"])
def test_a_submission_leaves_nothing_behind_that_only_a_search_for_garbage_finds(sample):
    document = (FIXTURES / sample).read_bytes()
    pipeline.process(document, judge=False)  # loads the tables
    gc.collect()
    gc.disable()
    try:
        pipeline.process(document, judge=False)
        assert gc.collect() == 0
        assert not gc.isenabled()  # and whoever turned the search off finds it off
    finally:
        gc.enable()
