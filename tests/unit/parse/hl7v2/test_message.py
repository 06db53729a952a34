"""gateway/parse/hl7v2/message.py"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import GatewayError
from gateway.parse.hl7v2 import parse, reader

HEADER = "MSH|^~\\&|APP|FAC|||20260302||ADT^A01^ADT_A01|1|P|2.5.1"


def read(text, locator):
    [message] = parse(f"{HEADER}\r{text}".encode())
    return [part.text for part in reader(locator)(message.root)]


@pytest.mark.parametrize(
    ("locator", "found"),
    [
        ("PID-3", ["A1", "B2"]),
        ("PID-3(2)", ["B2"]),
        ("PID-3.4", ["LAB", "CLINIC"]),
        ("PID-3(2).4.2", ["1.2.3"]),
        ("PID-5.1", ["Roe"]),
        ("PID-5.1.2", ["van"]),
        ("PID-7", []),
        ("PID-99", []),
        ("MSH-1", ["|"]),
        ("MSH-2", ["^~\\&"]),
        ("MSH-9.2", ["A01"]),
    ],
)
def test_a_locator_finds_what_the_senders_people_mean(locator, found):
    assert read("PID|1||A1^^^LAB~B2^^^CLINIC&1.2.3&ISO||Roe&van^Ann", locator) == found


def test_a_request_to_clear_is_a_leaf_and_no_text():
    [message] = parse(f'{HEADER}\rPID|1||A1||""'.encode())
    assert not reader("PID-5")(message.root)
    assert "PID-5" in {location for _, location, *_ in message.leaves()}


def test_reading_text_is_counted_and_peeking_is_not():
    [message] = parse(f"{HEADER}\rPID|1||A1".encode())
    [part] = reader("PID-3")(message.root)
    assert part.peek == "A1"
    assert message.touched == []
    assert part.text == "A1"
    assert message.touched == list(part.keys())


def test_numbers_and_repetitions_are_named_only_where_there_are_several():
    [message] = parse(f"{HEADER}\rOBX|1|ST|A||x\rOBX|2|ST|B^b||y~z&q".encode())
    places = [location for _, location, *_ in message.leaves() if location.startswith("OBX")]
    assert places == [
        "OBX[1]-1", "OBX[1]-2", "OBX[1]-3", "OBX[1]-5",
        "OBX[2]-1", "OBX[2]-2", "OBX[2]-3.1", "OBX[2]-3.2", "OBX[2]-5(1)", "OBX[2]-5(2).1.1", "OBX[2]-5(2).1.2",
    ]  # fmt: skip


@pytest.mark.parametrize("codec", ["utf-8", "cp1252"])
def test_a_leaf_knows_where_its_bytes_stand_also_behind_wide_letters(codec):
    name = {"utf-8": "UNICODE UTF-8", "cp1252": "8859/1"}[codec]
    body = f"{HEADER}||||||{name}\rPID|1||Ä7^^^Zürich||Müßig^Änne".encode(codec)
    [message] = parse(body)
    found = {location: body[start:end].decode(codec) for _, location, start, end, *_ in message.leaves()}
    assert found["PID-3.1"] == "Ä7"
    assert found["PID-3.4"] == "Zürich"
    assert found["PID-5.2"] == "Änne"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (r"a\F\b\S\c\T\d\R\e\E\f", "a|b^c&d~e\\f"),
        (r"one\.br\two", "one\ntwo"),
        (r"\H\bold\N\ plain", "bold plain"),
        (r"\X41\bc", "Abc"),
        (r"\Q\ stays", r"\Q\ stays"),
        (r"C:\temp", r"C:\temp"),
        (r"a\P\b", "a#b"),
        (r"a\.sp2\b", "a\n\nb"),
        (r"a\.ce\b", "a\nb"),
        (r"a\.sk3\b", "a   b"),
        (r"\.fi\a\.nf\b\.in+4\c\.ti-2\d", "abcd"),
        (r"a\.sp999999999999\b", "a" + "\n" * 20 + "b"),
        (r"\C2842\a\M2442\b", "ab"),
        (r"\Zloc\a", r"\Zloc\a"),
        (r"\X0D0A\a", "a"),
        (r"a\X0D0A\b", "a\nb"),
        (r"a\x", r"a\x"),
    ],
)
def test_escapes_are_undone_after_splitting(sent, kept):
    assert read(f"NTE|1||{sent}", "NTE-3") == [kept]


def test_an_escape_that_nobody_defines_is_said():
    [message] = parse(f"{HEADER}\rNTE|1||\\Q\\ x".encode())
    reader("NTE-3")(message.root)[0].text  # noqa: B018
    assert [issue.code for issue in message.issues] == ["escape-unknown"]
    assert message.issues[0].location == "NTE-3"


def test_delimiters_are_the_messages_own():
    [message] = parse(b"MSH#*!?%#APP#FAC###20260302##ADT*A08#1#P#2.3\rPID#1##A1***X%1.2%ISO!B2")
    assert message.kind == "hl7v2:ADT^A08"
    assert [part.text for part in reader("PID-3")(message.root)] == ["A1", "B2"]
    assert reader("PID-3.4.2")(message.root)[0].text == "1.2"


def test_the_delimiters_themselves_are_read_as_they_stand():
    [message] = parse(HEADER.encode())
    assert reader("MSH-2")(message.root)[0].text == "^~\\&"
    assert message.issues == []


def test_whether_anything_is_to_be_cleared_is_told_at_once():
    assert not parse(f'{HEADER}\rPID|1||"A"'.encode())[0].clears
    assert parse(f'{HEADER}\rPID|1||""'.encode())[0].clears


def test_what_was_sent_is_read_without_undoing_escapes_and_is_counted():
    [message] = parse(f"{HEADER}\rNTE|1||a\\T\\b".encode())
    [part] = reader("NTE-3")(message.root)
    assert part.sent == "a\\T\\b"
    assert message.touched == list(part.keys())


def test_control_characters_never_reach_a_text():
    assert read("NTE|1||a\x07b\x00c", "NTE-3") == ["abc"]


FIELD = st.text(st.characters(codec="utf-8", exclude_characters="\r\n|"), max_size=30)


@given(st.lists(FIELD, max_size=12))
def test_every_leaf_has_a_key_a_place_and_its_own_bytes(fields):
    body = f"{HEADER}\rZZZ|{'|'.join(fields)}".encode()
    [message] = parse(body)
    leaves = list(message.leaves())
    assert len({key for key, *_ in leaves}) == len(leaves)
    assert all(body[start:end].strip() for _, _, start, end, *_ in leaves)
    assert all(message.value(key) is not None and location for key, location, *_ in leaves)


@given(st.binary(max_size=300))
def test_nothing_but_our_own_errors_comes_of_any_bytes(body):
    for attempt in (body, HEADER.encode() + b"\r" + body):
        try:
            for message in parse(attempt):
                for key, *_ in message.leaves():
                    message.value(key)
        except GatewayError:
            pass
