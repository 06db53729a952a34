"""gateway/parse/hl7v2/locator.py"""

import pytest

from gateway.parse.hl7v2 import parse, reader

MESSAGE = (
    "MSH|^~\\&|A|B|||20260302||RDE^O11|1|P|2.5.1\rPID|1||A1\r"
    "ORC|NW|1\rRXO|first\rRXR|IV\rRXE||second\rTQ1|1\rRXR|PO\rORC|NW|2\rRXE||third"
)


@pytest.fixture
def root():
    [message] = parse(MESSAGE.encode())
    return message.root


def places(nodes):
    return [node.location for node in nodes]


def test_a_name_looks_through_open_groups_and_not_into_others(root):
    assert places(reader("ORC-2")(root)) == []
    [first, second] = reader("ORDER")(root)
    assert places(reader("RXE-2")(first)) == ["RXE[1]-2"]
    assert places(reader("RXE-2")(second)) == ["RXE[2]-2"]


def test_a_path_goes_into_a_group_around_a_node_and_to_the_root(root):
    [first, _] = reader("ORDER")(root)
    assert [part.text for part in reader("ENCODED/RXR-1")(first)] == ["PO"]
    assert [part.text for part in reader("RXR-1")(first)] == ["IV", "PO"]
    [timing] = reader("TQ1")(first)
    assert [part.text for part in reader("../RXE-2")(timing)] == ["second"]
    assert [part.text for part in reader("/PID-3")(timing)] == ["A1"]


def test_the_group_around_a_field_is_its_segment(root):
    [field] = reader("ORC-2")(reader("ORDER")(root)[0])
    assert places(reader("../ORC-1")(field)) == ["ORC[1]-1"]


@pytest.mark.parametrize("locator", ["", "pid-3", "PID-", "PID3-", "PID-3.x", "PID-3..1", "a/b", "-3"])
def test_what_is_no_locator_is_refused(locator):
    with pytest.raises(ValueError):  # noqa: PT011 (the compiler names the table)
        reader(locator)
