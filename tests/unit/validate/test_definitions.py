"""gateway/validate/definitions.py and packages.py"""

import tarfile

import pytest

from gateway.core.errors import PackageError
from gateway.core.issue import Severity
from gateway.validate import definitions, packages
from gateway.validate.definitions import Library, core_plan
from gateway.validate.judge import Judge

GENDER = "http://hl7.org/fhir/ValueSet/administrative-gender"


def test_the_core_package_is_the_one_that_we_know():
    assert packages.core_available()


def test_a_broken_cache_is_built_anew(tmp_path, monkeypatch):
    monkeypatch.setenv("GATEWAY_VAR", str(tmp_path))
    core_plan()
    (cached,) = (tmp_path / "cache").iterdir()
    whole = cached.read_bytes()
    cached.write_bytes(whole[:1000])
    assert Library(core=core_plan()).expansion(GENDER) == {
        "http://hl7.org/fhir/administrative-gender": frozenset({"male", "female", "other", "unknown"})
    }
    assert cached.read_bytes() == whole


def test_a_folder_that_cannot_be_written_costs_time_and_nothing_else(tmp_path, monkeypatch):
    (tmp_path / "var").write_text("a file")
    monkeypatch.setenv("GATEWAY_VAR", str(tmp_path / "var"))
    assert Library(core=core_plan()).expansion(GENDER)


def test_without_the_core_package_a_binding_is_said_to_be_unchecked(monkeypatch):
    monkeypatch.setattr(packages, "core_available", lambda: False)
    issues = Judge(Library(core=definitions.core_plan())).judge({"resourceType": "Patient", "gender": "f"})
    assert [(one.severity, one.code, one.path) for one in issues] == [
        (Severity.INFORMATION, "not-checked", "Patient.gender")
    ]


def test_the_version_that_is_asked_for_must_be_the_one_that_is_there():
    found = Library([{"resourceType": "StructureDefinition", "url": "urn:it", "version": "2", "type": "Patient"}])
    assert found.profile("urn:it|2") == found.profile("urn:it")
    assert found.profile("urn:it|1") is None


def test_a_package_a_folder_and_a_file_are_read_alike(tmp_path):
    file = tmp_path / "ValueSet-x.json"
    file.write_text('{"resourceType": "ValueSet", "url": "urn:x"}')
    (tmp_path / "broken.json").write_text("{")
    archive = tmp_path / "other" / "package.tgz"
    archive.parent.mkdir()
    with tarfile.open(archive, "w:gz") as made:
        made.add(file, "package/ValueSet-x.json")
    for place in (file, archive, archive.parent):
        assert [one["url"] for one in packages.definitions(place, "ValueSet")] == ["urn:x"]


def test_an_archive_that_is_none_is_a_package_error(tmp_path):
    (tmp_path / "x.tgz").write_bytes(b"no archive")
    with pytest.raises(PackageError):
        list(packages.definitions(tmp_path / "x.tgz"))
