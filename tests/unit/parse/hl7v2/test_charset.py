"""gateway/parse/hl7v2/charset.py"""

import pytest

from gateway.parse.hl7v2 import parse, reader

HEADER = "MSH|^~\\&|APP|FAC|||20260302||ADT^A01|1|P|2.5.1||||||{}\rPID|1||A1||"


def read(body):
    [message] = parse(body)
    return reader("PID-5")(message.root)[0].text, [issue.code for issue in message.issues]


@pytest.mark.parametrize(
    ("name", "codec", "word"),
    [
        ("UNICODE UTF-8", "utf-8", "Łódź 東京"),
        ("8859/1", "latin-1", "Müßig"),
        ("ISO 8859-2", "iso8859-2", "Łódź"),
        ("8859/5", "iso8859-5", "Иван"),
        ("8859/7", "iso8859-7", "Αθήνα"),
        ("8859/15", "iso8859-15", "Œuvre"),
        ("WINDOWS-1252", "cp1252", "“Ann”"),
        ("GB 18030-2000", "gb18030", "北京"),
        ("KS X 1001", "euc_kr", "서울"),
        ("BIG-5", "big5", "台北"),
        ("ISO IR14", "shift_jis", "東京"),
        ("~ISO IR87", "iso2022_jp", "山田^太郎"),
        ("ASCII~ISO IR87", "iso2022_jp", "山田^太郎"),
        ("ISO IR6~ISO IR159", "iso2022_jp_2", "山田"),
        ("ASCII~KS X 1001", "euc_kr", "\x1b$)C서울"),
        ("UNICODE UTF-8~8859/1", "utf-8", "Łódź"),
        ("", "utf-8", "Łódź"),
    ],
)
def test_a_message_is_read_in_the_set_that_it_names(name, codec, word):
    assert read((HEADER.format(name) + word).encode(codec)) == (word.removeprefix("\x1b$)C").split("^")[0], [])


@pytest.mark.parametrize(
    ("name", "codec", "said"),
    [
        ("UNICODE UTF-8", "cp1252", ["encoding-assumed"]),
        ("UTF-16", "utf-8", []),
        ("CP037", "utf-8", []),
        ("NOBODY KNOWS", "utf-8", []),
    ],
)
def test_a_set_that_cannot_be_the_one_is_not_followed(name, codec, said):
    assert read((HEADER.format(name) + "café").encode(codec)) == ("café", said)


def test_an_escape_names_bytes_of_the_messages_set():
    assert read((HEADER.format("8859/5") + "\\XB8D2\\").encode("iso8859-5"))[0] == b"\xb8\xd2".decode("iso8859-5")


def test_a_place_is_not_told_where_the_bytes_of_a_letter_depend_on_those_before_it():
    body = (HEADER.format("ASCII~ISO IR87") + "山田^太郎").encode("iso2022_jp")
    [message] = parse(body)
    spans = {location: (start, end) for _, location, start, end, *_ in message.leaves()}
    assert spans["PID-5.1"] == (-1, -1)
    assert body[slice(*spans["MSH-3"])] == b"APP"
