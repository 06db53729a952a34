"""gateway/parse/hl7v2/patients.py"""

import pytest

from gateway.parse.hl7v2 import parse, reader

LISTS = (
    b"MSH|^~\\&|BILLING|RIVER||||| BAR^P02|1|P|2.5\rEVN|P02\r"
    b"PID|1||11^^^RIVER||Quill^Tamsin\rPV1|1|O\rPID|2||12^^^RIVER||Vance^Ronan\rPV1|2|I\r"
).replace(b" BAR", b"BAR")


def test_each_patient_of_a_list_is_a_record_of_its_own():
    records = parse(LISTS)
    seen = [[part.peek for part in reader("PID-5.1")(one.root)] for one in records]
    assert seen == [["Quill"], ["Vance"]]
    assert [[part.peek for part in reader("/EVN-1")(one.root)] for one in records] == [["P02"], ["P02"]]


def test_the_leaves_of_all_records_are_those_of_the_message_each_once():
    counted = [location for one in parse(LISTS) for _, location, *_ in one.leaves()]
    assert len(counted) == len(set(counted))
    whole = parse(LISTS.replace(b"BAR^P02", b"BAR^P01"))
    assert counted == [location for one in whole for _, location, *_ in one.leaves()]


def test_a_segment_keeps_the_number_that_it_has_in_the_message():
    [name] = reader("PID-5.1")(parse(LISTS)[1].root)
    assert name.location == "PID[2]-5.1"


@pytest.mark.parametrize(
    ("before", "after"), [(b"BAR^P02", b"ADT^A08"), (b"12^^^RIVER", b"11^^^RIVER")], ids=["no list", "one person"]
)
def test_any_other_message_stays_whole(before, after):
    assert len(parse(LISTS.replace(before, after))) == 1


def test_a_patient_who_is_named_twice_beside_another_is_one_record_with_both_mentions():
    again = b"PID|3||11^^^RIVER||Quill^Tamsin\rPV1|3|E\r"
    records = parse(LISTS + again)
    seen = [[part.peek for part in reader("PV1-2")(one.root)] for one in records]
    assert seen == [["O", "E"], ["I"]]
    counted = sorted(key for one in records for key, *_ in one.leaves())
    whole = parse((LISTS + again).replace(b"BAR^P02", b"BAR^P01"))
    assert counted == [key for one in whole for key, *_ in one.leaves()]


def test_patients_without_a_number_are_different_patients():
    assert len(parse(LISTS.replace(b"11^^^RIVER", b"").replace(b"12^^^RIVER", b""))) == 2
