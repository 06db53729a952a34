"""gateway/parse/ccda/subject.py"""

import pytest

from gateway.parse.ccda.subject import subject

DOCUMENT = (
    '<ClinicalDocument xmlns="urn:hl7-org:v3"><recordTarget><patientRole><patient><name><given>Amara</given>'
    '<given>N</given><family>Okafor</family></name><birthTime value="19610409083000"/></patient></patientRole>'
    "</recordTarget></ClinicalDocument>"
)


def test_a_document_says_whom_it_is_of():
    found = subject(DOCUMENT.encode())
    assert (found["name"], found["birthDate"]) == ([{"family": "Okafor", "given": ["Amara", "N"]}], "1961-04-09")


@pytest.mark.parametrize(
    "body",
    [
        b"%PDF-1.4",
        b"<ClinicalDocument",
        b"<!DOCTYPE a><ClinicalDocument/>",
        b'<ClinicalDocument xmlns="urn:hl7-org:v3"/>',
    ],
)
def test_what_says_nothing_of_a_patient_is_nobodys(body):
    assert subject(body) is None


def test_a_year_alone_is_no_birth_date():
    assert "birthDate" not in subject(DOCUMENT.replace("19610409083000", "1961").encode())
