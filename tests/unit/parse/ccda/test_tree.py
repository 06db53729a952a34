"""gateway/parse/ccda/tree.py: our nodes say what the parser's tree says."""

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from gateway.parse.ccda import parse

V3 = "urn:hl7-org:v3"
NAMES = st.sampled_from(["act", "code", "value", "text"])
WORDS = st.sampled_from(["", " ", "\n ", "pain", " since May "])
TREES = st.recursive(
    st.tuples(NAMES, WORDS, WORDS, st.just([])),
    lambda inner: st.tuples(NAMES, WORDS, WORDS, st.lists(inner, max_size=4)),
    max_leaves=20,
)


def built(tree):
    name, lead, tail, below = tree
    element = etree.Element(f"{{{V3}}}{name}", code=lead)
    element.text, element.tail = lead, tail
    element.extend(built(one) for one in below)
    return element


@given(TREES)
def test_what_stands_at_and_below_an_element_is_what_the_parser_read_there(tree):
    root = etree.Element(f"{{{V3}}}ClinicalDocument")
    root.append(built(tree))
    sent = list(etree.fromstring(etree.tostring(root)).iter())
    [record] = parse(etree.tostring(root))
    assert len(record.elements) == len(sent)
    for ours, theirs in zip(record.elements, sent, strict=True):
        assert [one.name for one in ours.whole()] == [etree.QName(one).localname for one in theirs.iter()]
        assert [one.name for one in ours.children()] == [etree.QName(one).localname for one in theirs]
        assert ours.pieces() == (theirs.text or "", theirs.tail or "")
        assert ours.words() == " ".join("".join(f" {text} " for text in theirs.itertext()).split())
        assert ours.valued == any((one.text or "").strip() or one.keys() for one in theirs.iter())


@given(TREES)
def test_the_leaves_below_an_element_are_those_of_the_elements_below_it(tree):
    root = etree.Element(f"{{{V3}}}ClinicalDocument")
    root.append(built(tree))
    [record] = parse(etree.tostring(root))
    leaves = {record.locate(key): key for key in record.leaf_keys()}
    assert leaves == {location: key for key, location, *_ in record.leaves()}
    for element in record.elements:
        place = element.location
        below = {at: key for at, key in leaves.items() if at.startswith(f"{place}/")}
        below.pop(f"{place}/following-sibling::text()[1]", None)
        assert list(element.keys()) == list(below.values())


def test_an_element_of_another_vocabulary_is_not_taken_for_one_of_hl7_and_is_a_leaf_all_the_same():
    [record] = parse(
        b'<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:x="urn:x" xmlns:s="urn:hl7-org:sdtc">\n'
        b'<x:code code="1"/><s:code x:code="2"/></ClinicalDocument>'
    )
    assert record.root.first("code") is None
    assert record.root.first("sdtc:code").look("code") == ""
    assert [(location, line, record.value(key)) for key, location, _, _, line in record.leaves()] == [
        ("/ClinicalDocument/code/@code", 2, "1"),
        ("/ClinicalDocument/sdtc:code/@code", 2, "2"),
    ]
