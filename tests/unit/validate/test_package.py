"""gateway/validate/package.py and cache.py: packages are opened once, and what is kept of them is never trusted."""

import json
import os
import tarfile
from io import BytesIO

import pytest

from gateway.core.errors import PackageError
from gateway.validate import package, packages
from gateway.validate.definitions import Library, default_library

URL = "https://a.example/StructureDefinition/it"


@pytest.fixture(autouse=True)
def var(tmp_path, monkeypatch):
    monkeypatch.setenv("GATEWAY_VAR", str(tmp_path / "var"))
    return tmp_path / "var" / "cache"


def archive(folder, name="a.guide", version="1.0.0", *definitions, **manifest):
    file = folder / f"{name}-{version}.tgz"
    told = {"name": name, "version": version, "fhirVersions": ["4.0.1"], **manifest}
    with tarfile.open(file, "w:gz") as made:
        for number, one in enumerate([told, *definitions]):
            body = json.dumps(one).encode()
            entry = tarfile.TarInfo(f"package/{number}.json" if number else "package/package.json")
            entry.size = len(body)
            made.addfile(entry, BytesIO(body))
    return file


def profile(version):
    return {"resourceType": "StructureDefinition", "url": URL, "version": version, "type": "Patient"}


def test_a_package_is_read_once_and_then_known_by_its_content(tmp_path, monkeypatch):
    file = archive(tmp_path, "a.guide", "1.0.0", profile("1.0.0"))
    first = package.opened([file])
    monkeypatch.setattr(packages, "bodies", lambda source: pytest.fail("it was read again"))
    assert package.opened([file]) == first
    assert Library((), None, first).profile(URL)["version"] == "1.0.0"


@pytest.mark.parametrize("junk", [b"", b"{", b'{"name": "x"}', b"\x80\x04K\x01."])
def test_a_broken_cache_is_made_anew(tmp_path, var, junk):
    file = archive(tmp_path, "a.guide", "1.0.0", profile("1.0.0"))
    first = package.opened([file])
    (kept,) = var.iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(junk)
    assert package.opened([file]) == first
    assert kept.read_bytes() == whole


def test_a_cache_that_others_may_write_is_not_believed(tmp_path, var):
    file = archive(tmp_path, "a.guide", "1.0.0", profile("1.0.0"))
    first = package.opened([file])
    (kept,) = var.iterdir()
    kept.write_bytes(kept.read_bytes().replace(b"Patient", b"Account"))
    kept.chmod(0o666)
    assert package.opened([file]) == first
    assert kept.stat().st_mode & 0o022 == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_cache_that_somebody_else_wrote_is_not_believed(tmp_path, var):
    file = archive(tmp_path, "a.guide", "1.0.0", profile("1.0.0"))
    first = package.opened([file])
    (kept,) = var.iterdir()
    kept.write_bytes(kept.read_bytes().replace(b"Patient", b"Account"))
    os.chown(kept, 65534, 65534)
    assert package.opened([file]) == first


def test_of_two_versions_the_newer_is_meant_unless_one_is_named(tmp_path):
    for version in ("10.0.0", "9.1.0", "10.0.0-ballot"):
        archive(tmp_path, "a.guide", version, profile(version))
    library = Library((), None, package.opened([tmp_path]))
    assert library.profile(URL)["version"] == "10.0.0"
    assert library.profile(f"{URL}|9.1.0")["version"] == "9.1.0"
    assert library.profile(f"{URL}|8") is None


def test_an_unpacked_package_and_loose_files_are_taken_from_a_folder(tmp_path):
    folder = tmp_path / "guide"
    folder.mkdir()
    (folder / "package.json").write_text('{"name": "a.guide", "version": "1", "fhirVersions": ["4.0.1"]}')
    (folder / "it.json").write_text(json.dumps(profile("1")))
    loose = tmp_path / "loose"
    loose.mkdir()
    (loose / "it.json").write_text(json.dumps(profile("2")))
    assert default_library([folder]).profile(URL)["version"] == "1"
    assert default_library([loose]).profile(URL)["version"] == "2"


def test_what_a_package_rests_on_and_is_not_here_is_named(tmp_path):
    needs = {"b.guide": "1.0.x", "c.guide": "current", "d.guide": "2.0.0", "hl7.fhir.r4.core": "4.0.1"}
    archive(tmp_path, "a.guide", "1.0.0", dependencies=needs)
    archive(tmp_path, "b.guide", "1.0.7")
    archive(tmp_path, "d.guide", "2.1.0")
    assert package.unmet(package.opened([tmp_path])) == ["c.guide#current", "d.guide#2.0.0"]


@pytest.mark.parametrize("told", [{"name": "a.guide", "fhirVersions": ["5.0.0"]}, {"name": ""}])
def test_a_package_for_another_fhir_or_without_a_name_is_refused(tmp_path, told):
    (tmp_path / "package.json").write_text(json.dumps(told))
    with pytest.raises(PackageError):
        package.opened([tmp_path])


def test_a_file_that_is_no_archive_or_not_there_is_refused(tmp_path):
    (tmp_path / "x.tgz").write_bytes(b"no archive")
    for name in ("x.tgz", "absent.tgz"):
        with pytest.raises(PackageError):
            package.opened([tmp_path / name])
