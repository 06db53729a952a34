"""gateway/match/rules.py and agreement.py: the table is checked, and each rule is reached by two records."""

import pytest

from gateway.core.errors import MappingTableError
from gateway.match import Grade, decide
from gateway.match.agreement import KNOWN
from gateway.match.person import SSN
from gateway.match.rules import FILE, rules
from tests.unit.match.people import address, patient

NUMBER = {"identifier": [{"system": SSN, "value": "219-09-9998"}]}
SLIP = {"identifier": [{"system": SSN, "value": "219-09-9989"}]}
HOME = {"address": [address()]}
CERTAIN = {
    "ssn+given-slip+birth-date": (patient("Charlotte", **NUMBER), patient("Chaqlotte", **NUMBER)),
    "ssn+name-turned+birth-date": (patient(**NUMBER), patient("Ashgrove", "Robertt", **NUMBER)),
    "ssn+family+birth-date+postal": (patient(**NUMBER, **HOME), patient("", **NUMBER, **HOME)),
    "ssn+name+birth-year+address": (patient(**NUMBER, **HOME), patient(born="1961-11-20", **NUMBER, **HOME)),
    "ssn-near+name+birth-date+address": (patient(**NUMBER, **HOME), patient(**SLIP, **HOME)),
}


@pytest.mark.parametrize("rule", CERTAIN)
def test_independent_agreements_outweigh_one_slip(rule):
    one, two = CERTAIN[rule]
    for asked, known in ((one, two), (two, one)):
        decision = decide(asked, [{**known, "id": "two"}])
        assert (decision.grade, decision.rule) == (Grade.CERTAIN, rule)


def test_a_slip_in_the_given_name_is_for_a_person_even_with_one_number():
    decision = decide(patient("Mario", **NUMBER, **HOME), [patient("Marlo", id="two", **NUMBER, **HOME)])
    assert decision.grade is Grade.PROBABLE


@pytest.mark.parametrize("value", ["000000000", "999-99-9999", "123456789", "000-12-3456", "219-09-0000"])
def test_a_number_that_stands_for_none_links_nobody(value):
    known = {"identifier": [{"system": SSN, "value": value}]}
    assert decide(patient(**known), [patient(id="two", **known)]).grade is Grade.POSSIBLE


@pytest.mark.parametrize("date", ["1900-01-01", "1970-01-01"])
def test_a_birth_date_that_stands_for_none_does_not_make_one_person_of_two(date):
    assert decide(patient(born=date, **HOME), [patient(born=date, id="two", **HOME)]).grade is Grade.POSSIBLE


def test_a_number_without_its_zeros_in_front_is_the_same():
    short, whole = ({"identifier": [{"system": SSN, "value": value}]} for value in ("1904417", "001-90-4417"))
    assert decide(patient(**short), [patient(id="two", **whole)]).grade is Grade.CERTAIN


def test_every_agreement_that_the_table_names_is_looked_for_and_every_other_is_in_it():
    assert set(rules().agreements) == KNOWN


@pytest.mark.parametrize(
    "change", [("[our-mrn, name]", "[shoe-size]"), ("grade: certain", "grade: sure"), ("despite", "x")]
)
def test_a_table_that_is_wrong_is_refused(tmp_path, change):
    wrong = tmp_path / "rules.yaml"
    wrong.write_text(FILE.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    with pytest.raises(MappingTableError):
        rules(wrong)
