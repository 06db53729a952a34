"""gateway/__main__.py and the public face in gateway/__init__.py"""

import json
import os
import subprocess
import sys
from pathlib import Path

import gateway

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "tests" / "fixtures"


def run(*words: str, var: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = (
        {**os.environ, "DATABASE_URL": f"sqlite:///{var}/gateway.db", "GATEWAY_VAR": str(var)} if var else None
    )
    return subprocess.run(
        [sys.executable, "-m", "gateway", *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_convert_prints_one_line_a_file_and_a_bad_file_stops_nothing(tmp_path):
    bad = tmp_path / "bad.txt"
    bad.write_bytes(b"nothing that we know")
    done = run("convert", str(bad), str(FIXTURES / "form" / "referral.json"), str(tmp_path / "absent"))
    first, second, third = map(json.loads, done.stdout.splitlines())
    assert done.returncode == 0
    assert first["bundle"] is None
    assert first["error"]["resourceType"] == third["error"]["resourceType"] == "OperationOutcome"
    assert second["kind"] == "form:second-opinion-referral"
    assert set(second) == {"file", "kind", "bundle", "issues", "ledger", "error"}


def test_convert_follows_an_overlay_that_is_named(tmp_path):
    message = tmp_path / "message.hl7"
    message.write_text("MSH|^~\\&|HIS|WEST|||202603020900||ADT^A08|1|P|2.5.1\rPID|1||M-7^^^EXAMPLE_MRN||Okafor^Amara")
    plain, agreed = (run("convert", *words, str(message)).stdout for words in ((), ("--sender", "example")))
    assert '"urn:oid:2.999.1.1"' not in plain
    assert '"urn:oid:2.999.1.1"' in agreed
    refused = run("convert", "--sender", "nobody", str(message))
    assert (refused.returncode, "there is no such overlay" in refused.stderr) == (2, True)


def test_validate_prints_an_outcome_a_line(tmp_path):
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text('{"resourceType":"Patient","gender":"female"}')
    bad.write_text('{"resourceType":"Patient","gender":"lady"}')
    done = run("validate", str(good), str(bad))
    first, second = map(json.loads, done.stdout.splitlines())
    assert all(issue["severity"] not in ("error", "fatal") for issue in first["issue"])
    assert [issue["expression"] for issue in second["issue"] if issue["severity"] == "error"] == [["Patient.gender"]]
    assert "lady" not in done.stdout


def test_validate_says_what_a_package_rests_on_and_is_not_here(tmp_path):
    guide, good = tmp_path / "package", tmp_path / "good.json"
    guide.mkdir()
    told = {"name": "a.guide", "version": "1.0.0", "fhirVersions": ["4.0.1"], "dependencies": {"b.guide": "2.0.0"}}
    (guide / "package.json").write_text(json.dumps(told))
    good.write_text('{"resourceType":"Patient","gender":"female"}')
    done = run("validate", "--package", str(guide), str(good))
    assert done.stderr.splitlines() == ["package-missing b.guide#2.0.0"]
    assert json.loads(done.stdout)["resourceType"] == "OperationOutcome"


def test_a_key_is_printed_once_and_the_trail_verifies(tmp_path):
    added = run("clinic", "add", "Riverbend Clinic", var=tmp_path)
    key = added.stdout.strip()
    assert "riverbend-clinic" in added.stderr.splitlines()
    assert key.startswith("so_clinic_")
    assert run("audit", "verify", var=tmp_path).returncode == 0
    assert run("reconcile", var=tmp_path).returncode == 0


def test_the_public_face_converts_and_validates():
    converted = gateway.convert((FIXTURES / "form" / "referral.json").read_bytes(), sender="riverbend")
    assert json.loads(converted.to_json())["resourceType"] == "Bundle"
    assert converted.error is None
    assert gateway.validate({"resourceType": "Patient", "gender": "lady"})
