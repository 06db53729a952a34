"""gateway/parse/hl7v2/segment.py"""

from hypothesis import given
from hypothesis import strategies as st

from gateway.parse.hl7v2 import parse

FIELD = st.text(alphabet='ab&^\\FX0"\xa0 ', max_size=16)


def read(field):
    """The parts of one field, freshly read, and the leaves counted as read so far."""
    [message] = parse(f"MSH|^~\\&|LAB\rZZZ|{field}".encode())
    return message.by_name["ZZZ"][0].field(1), message.touched


@given(FIELD, st.integers(1, 4))
def test_a_text_asked_for_by_number_is_that_of_the_part_and_counts_the_same(field, number):
    (parts, counted), (others, counted_too) = read(field), read(field)
    found = [one.part(number) for one in parts]
    assert [one.text if one else "" for one in found] == [one.text_at(number) for one in others]
    assert [one.peek if one else "" for one in found] == [one.peek_at(number) for one in others]
    assert counted == counted_too


def test_a_request_to_clear_is_no_text():
    [part], counted = read('a^""')
    assert (part.text_at(2), part.peek_at(2), counted) == ("", "", [])


def test_a_component_beside_a_large_document_reads_as_any_other():
    [part], counted = read(f"a\\T\\b^c^{'JVBE' * 20_000}")
    assert [part.text_at(number) for number in (1, 2)] == ["a&b", "c"]
    assert len(part.text_at(3)) == 80_000
    assert len(counted) == 3
