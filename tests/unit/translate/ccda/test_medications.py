"""gateway/translate/ccda/medications.py: what is to be dispensed, and how often."""

import pytest

DRUG = '<substanceAdministration classCode="SBADM" moodCode="INT">{}</substanceAdministration>'


@pytest.mark.parametrize(("sent", "refills"), [("1", 0), ("3", 2), ("0", 0)])
def test_a_repeat_number_counts_the_first_fill(bench, sent, refills):
    supply = (
        '<entryRelationship typeCode="REFR"><supply classCode="SPLY" moodCode="INT">'
        f'<templateId root="2.16.840.1.113883.10.20.22.4.17"/><repeatNumber value="{sent}"/>'
        '<quantity value="30"/></supply></entryRelationship>'
    )
    made = bench.step("supply_of", DRUG.format(supply), {"resourceType": "MedicationRequest"})
    assert made["dispenseRequest"]["numberOfRepeatsAllowed"] == refills
