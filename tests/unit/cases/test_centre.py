"""gateway/cases/centre.py"""

import pytest

from gateway.cases.centre import Centre, read_centre
from gateway.core.errors import MappingTableError


def test_a_centre_is_read_from_its_file_and_has_nobody_without_one(tmp_path):
    file = tmp_path / "centre.yaml"
    file.write_text("nurses:\n  - {name: 'N. Abara, RN', phone: +1 555 0100}\n  - {name: O. Lind}\nexpires_after: 60\n")
    assert read_centre(file) == Centre(("N. Abara, RN, +1 555 0100", "O. Lind"), 60)
    assert read_centre(None).nurse({}) == ""


def test_a_centre_names_its_pharmacy_with_its_number(tmp_path):
    file = tmp_path / "centre.yaml"
    file.write_text("pharmacy: {name: Cedar Pharmacy, phone: +1 555 0177, npi: '1000000012'}\n")
    assert read_centre(file).pharmacy == {
        "type": "Organization",
        "identifier": {"system": "http://hl7.org/fhir/sid/us-npi", "value": "1000000012"},
        "display": "Cedar Pharmacy, +1 555 0177",
    }


@pytest.mark.parametrize(
    "text", ["pharmacy: {name: A, npi: '12'}", "nurses: [{phone: '1'}]", "expires_after: 0", "colour: red", "nurses: ["]
)
def test_a_wrong_file_is_refused(tmp_path, text):
    file = tmp_path / "centre.yaml"
    file.write_text(text)
    with pytest.raises(MappingTableError):
        read_centre(file)
