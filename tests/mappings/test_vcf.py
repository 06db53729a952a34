"""mappings/vcf: a file of variants is kept byte for byte and labelled; no variant is interpreted."""

import base64
import gzip
import hashlib

import pytest

from gateway.core.errors import UnsafePackageError
from gateway.core.submission import Sender
from gateway.parse import xdm
from gateway.pipeline import process
from tests.dicom import slice_
from tests.packages import package

VCF = b"##fileformat=VCFv4.2\n##source=invented\n#CHROM\tPOS\tID\tREF\tALT\n17\t7674220\t.\tC\tT\n"
PACKED = gzip.compress(VCF, mtime=0)


def kept(body):
    outcome = process(body, sender=Sender(clinic="harbor"))
    assert outcome.sound
    found = [entry["resource"] for entry in outcome.bundle["entry"]]
    [document] = [one for one in found if one.get("type", {}).get("text") == "Genomic variants (VCF)"]
    return outcome, document, found


@pytest.mark.parametrize(("body", "type"), [(VCF, "text/plain"), (PACKED, "application/gzip")])
@pytest.mark.parametrize("wrap", [bytes, lambda body: package({"IMAGE": slice_(), "variants": body})])
def test_a_file_of_variants_is_kept_byte_for_byte_and_labelled(body, type, wrap):
    outcome, document, found = kept(wrap(body))
    [content] = document["content"]
    attachment = content["attachment"]
    assert base64.b64decode(attachment["data"]) == body
    assert (attachment["contentType"], attachment["size"]) == (type, len(body))
    assert base64.b64decode(attachment["hash"]) == hashlib.sha1(body, usedforsecurity=False).digest()
    assert content["format"] == {"display": "VCFv4.2"}
    assert [one["code"] for one in document["meta"]["security"]] == ["GDIS"]
    assert outcome.counts["unmapped"] == 0
    assert not {"Observation", "MolecularSequence"} & {one["resourceType"] for one in found}


def test_the_bytes_of_the_submission_bear_the_label_too():
    outcome, _, found = kept(VCF)
    originals = [one for one in found if one.get("description", "").startswith("The submission as it was received")]
    assert [[label["code"] for label in one["meta"]["security"]] for one in originals] == [["GDIS"]]
    assert (outcome.kind, outcome.counts["leaves"]) == ("vcf:VCF", 2)


def test_in_a_package_it_is_of_the_patient_of_the_package():
    _, document, _ = kept(package({"IMAGE": slice_(), "variants.vcf.gz": PACKED}))
    assert document["subject"]["reference"].startswith("Patient/")


@pytest.mark.parametrize("body", [gzip.compress(b"\0" * 1_000_000), b"\x1f\x8b\x08\x00 broken"])
def test_any_other_archive_in_a_package_stays_unsafe(body):
    with pytest.raises(UnsafePackageError):
        xdm.parse(package({"variants.vcf.gz": body, "a": b"%PDF-"}))
