"""gateway/parse/xml.py: what is read, what is refused, and that nothing outside is ever looked at."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import (
    MalformedMessageError,
    ParseError,
    TooLargeError,
    UnknownCharsetError,
    UnsafeXmlError,
)
from gateway.parse import xml


@pytest.mark.parametrize(
    ("declared", "codec"),
    [
        ("UTF-8", "utf-8"),
        ("UTF-8", "utf-8-sig"),
        ("UTF-16", "utf-16"),
        ("ISO-8859-1", "latin-1"),
        ("windows-1252", "cp1252"),
    ],
)
def test_the_same_name_is_read_in_every_encoding_that_is_allowed(declared, codec):
    body = f'<?xml version="1.0" encoding="{declared}"?><a n="Zoë"/>'.encode(codec)
    assert xml.read(body).get("n") == "Zoë"


@pytest.mark.parametrize("declared", ["UTF-7", "UTF-32", "cp037", "shift_jis"])
def test_encodings_that_can_hide_markup_are_refused(declared):
    with pytest.raises(UnknownCharsetError):
        xml.read(f'<?xml version="1.0" encoding="{declared}"?><a/>'.encode())


def test_a_false_declaration_is_read_as_what_it_is_and_told():
    issues = []
    root = xml.read('<?xml version="1.0" encoding="UTF-8"?><a n="Zoë"/>'.encode("cp1252"), issues)
    assert root.get("n") == "Zoë"
    assert [issue.code for issue in issues] == ["encoding-assumed"]


@pytest.mark.parametrize(
    "prolog",
    [
        "<!DOCTYPE a>",
        '<!DOCTYPE a SYSTEM "file:///etc/hostname">',
        '<!DOCTYPE a [<!ENTITY b "c">]>',
        "<!-- first --><?style x?>\n<!DOCTYPE a>",
    ],
)
def test_a_document_type_is_refused_before_anything_in_it_can_act(prolog):
    with pytest.raises(UnsafeXmlError):
        xml.read(f"{prolog}<a/>".encode())


def test_comments_and_instructions_do_not_cut_a_name():
    assert xml.read(b"<a>Jo<!-- x --><?y z?>hn</a>").text == "John"


def test_what_is_not_well_formed_is_refused_with_its_place_and_without_its_words():
    with pytest.raises(MalformedMessageError) as refused:
        xml.read(b"<a>\n<secret></a>")
    assert refused.value.place.startswith("line 2, column ")
    assert "secret" not in str(refused.value)


def test_leading_blank_lines_and_a_style_sheet_line_are_borne():
    assert xml.read(b'\n\n<?xml version="1.0"?><?xml-stylesheet href="CDA.xsl"?><a/>').tag == "a"


def test_depth_has_an_end():
    assert xml.read(b"<a>" * xml.MAX_DEPTH + b"</a>" * xml.MAX_DEPTH).tag == "a"
    with pytest.raises(UnsafeXmlError):
        xml.read(b"<a>" * (xml.MAX_DEPTH + 1) + b"</a>" * (xml.MAX_DEPTH + 1))


def test_the_number_of_elements_and_of_bytes_has_an_end(monkeypatch):
    monkeypatch.setattr(xml, "MAX_ELEMENTS", 10)
    with pytest.raises(UnsafeXmlError):
        xml.read(b"<a>" + b"<b/>" * 10 + b"</a>")
    assert xml.read(b"<a>" + b"<b>with as many words as elements mostly have</b>" * 10 + b"</a>").tag == "a"
    monkeypatch.setattr(xml, "MAX_BYTES", 5)
    with pytest.raises(TooLargeError):
        xml.read(b"<aaaaa/>")


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_an_element_or_a_named_refusal(body):
    with suppress(ParseError):
        assert xml.read(body).tag is not None
