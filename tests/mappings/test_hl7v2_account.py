"""Whatever a message holds: every leaf in one state, the same bytes the same bundle, nothing left dangling."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.core import fhirjson
from gateway.parse.hl7v2 import parse, reader
from gateway.pipeline import process
from gateway.translate import FORMATS
from gateway.translate.mapping import Mapping
from tests.mappings.hl7v2_fixtures import FOLDER, references

OURS = sorted(FOLDER.glob("*.hl7"))
CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpora" / "hl7v2"


def check(body):
    """The promises that hold for every message."""
    found = process(body)
    leaves = sum(1 for message in parse(body) for _ in message.leaves())
    assert found.counts["leaves"] == leaves == len(found.ledger)
    if found.bundle is None:
        assert found.error is not None
        return found
    entries = found.bundle["entry"]
    ids = [f"{entry['resource']['resourceType']}/{entry['resource']['id']}" for entry in entries]
    assert len(set(ids)) == len(ids)
    assert {one for one in references(entries) if not one.startswith("#")} <= set(ids)
    assert fhirjson.write(process(body).bundle) == fhirjson.write(found.bundle)
    return found


@pytest.mark.parametrize("file", OURS, ids=lambda file: file.stem)
def test_our_messages_are_sound_and_fully_accounted_for(file):
    found = check(file.read_bytes())
    assert found.sound, [issue for issue in found.issues if issue.severity in ("error", "fatal")]


def test_every_table_compiles():
    assert FORMATS
    Mapping("hl7v2", reader).check()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(OURS), st.data())
def test_a_mutated_message_never_breaks_a_promise(file, data):
    segments = file.read_bytes().decode().splitlines()
    at = data.draw(st.integers(1, len(segments) - 1))
    fields = segments[at].split("|")
    place = data.draw(st.integers(1, max(len(fields) - 1, 1)))
    word = data.draw(
        st.sampled_from(["", '""', "^", "~~", "a&b^c~d", "20261345", "-1", "\\X\\", "ünï", "999999999999", "Y"])
    )
    fields[place : place + 1] = [word]
    segments[at] = "|".join(fields)
    if data.draw(st.booleans()):
        segments.append(segments.pop(at))
    found = check("\r".join(segments).encode())
    said = json.dumps([issue.code for issue in found.issues])
    assert "translator-failed" not in said
    assert "resource-invalid" not in said


def test_a_code_without_a_translation_is_one_leaf_since_its_words_and_its_system_are_kept():
    message = "MSH|^~\\&|A|B|||20260310||ADT^A08|1|P|2.5.1\rPID|1||7^^^A^MR||Roe^Ann|||||||||||XQ^Partnered^L"
    states = {line.location: line.state for line in process(message.encode(), judge=False).ledger}
    assert [states[f"PID-16.{number}"] for number in (1, 2, 3)] == ["untranslated", "mapped", "mapped"]


def test_the_messages_of_other_projects_are_translated():
    if not CORPUS.is_dir():
        assert not (os.environ.get("GATEWAY_CI") and CORPUS.parents[1].exists())
        pytest.skip("the messages of other projects are not here")
    files = sorted(CORPUS.rglob("*.hl7"))[::8]
    errors = {found.error.code for file in files if (found := check(file.read_bytes())).error is not None}
    assert errors <= {"multi-patient"}
