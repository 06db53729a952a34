"""gateway/parse/ccda: a document as a record, its leaves, its locators."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from gateway.core.errors import MalformedMessageError
from gateway.parse.ccda import parse, reader

BODY = """<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:s="urn:hl7-org:sdtc"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:other="urn:hl7-org:v3">
<templateId root="2.16.840.1.113883.10.20.22.1.2" extension="2015-08-01"/>
<code code="34133-9" codeSystem="2.16.840.1.113883.6.1"/>
<recordTarget><patientRole><patient><name><given>Edda</given><given>Ute</given><family>Tannwald</family></name>
<s:deceasedInd value="false"/></patient></patientRole></recordTarget>
<component><structuredBody>
<component><section><code code="11450-4"/><text>See <content ID="p1">sigmoid cancer</content> here</text>
<entry><act classCode="ACT" moodCode="EVN" negationInd="false"><templateId root="2.16.840.1.113883.10.20.22.4.3"/>
<entryRelationship typeCode="SUBJ"><observation moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.4"/>
<text><reference value="#p1"/></text><value xsi:type="other:CD" code="C18.7"/></observation></entryRelationship>
<entryRelationship typeCode="REFR"><observation><value xsi:type="PQ" value="1"/></observation></entryRelationship>
</act></entry></section></component>
<component><section><code code="10160-0"/></section></component>
</structuredBody></component></ClinicalDocument>"""


@pytest.fixture
def document():
    [record] = parse(BODY.encode())
    return record


def texts(document, locator):
    return [one.text for one in reader(locator)(document.root)]


def test_the_kind_is_the_code_of_the_document(document):
    assert document.kind == "ccda:34133-9"


def test_a_code_that_is_none_does_not_name_a_kind():
    [record] = parse(b'<ClinicalDocument xmlns="urn:hl7-org:v3"><code code="&lt;b> Ann Roe"/></ClinicalDocument>')
    assert record.kind == "ccda:document"


@pytest.mark.parametrize("body", [b"<ClinicalDocument/>", b'<section xmlns="urn:hl7-org:v3"/>'])
def test_only_a_clinical_document_in_its_own_namespace_is_one(body):
    with pytest.raises(MalformedMessageError):
        parse(body)


SECTION = "component/structuredBody/component/section"


@pytest.mark.parametrize(
    ("locator", "found"),
    [
        ("code/@code", ["34133-9"]),
        ("recordTarget/patientRole/patient/name/given", ["Edda", "Ute"]),
        ("recordTarget/patientRole/patient/sdtc:deceasedInd/@value", ["false"]),
        (f"{SECTION}[code/@code=11450-4]/entry/act/@moodCode", ["EVN"]),
        (f"{SECTION}/entry/act[template 4.3]/entryRelationship[@typeCode=SUBJ]/observation/value/@code", ["C18.7"]),
        (f"{SECTION}/entry/act/entryRelationship/observation[template 4.4|4.7]/value/@xsi:type", ["CD"]),
        (f"{SECTION}/entry/act/entryRelationship[@typeCode<>SUBJ]/observation/value/@value", ["1"]),
        (f"{SECTION}/entry/act/entryRelationship/observation[not template 4.4]/value/@value", ["1"]),
        (f"{SECTION}/entry/act/entryRelationship/observation/value[@xsi:type=CD|CE]/@code", ["C18.7"]),
        (f"{SECTION}/entry/act/ancestor::section/code/@code", ["11450-4"]),
        (f"{SECTION}/entry/act/../../code/@code", ["11450-4"]),
        (f"{SECTION}/entry/act/entryRelationship/observation/@negationInd", []),
        (f"{SECTION}/*/act/@classCode", ["ACT"]),
        ("/code/@code", ["34133-9"]),
    ],
)
def test_locators_find_what_they_say(document, locator, found):
    assert texts(document, locator) == found


@pytest.mark.parametrize(
    "locator", ["", "//code", "a[", "code/@code/x", "a[@x=1", "a b", "id()", "other:code", "@other:code"]
)
def test_what_is_not_in_the_grammar_is_refused(locator):
    with pytest.raises(ValueError, match=r"^"):
        reader(locator)


def test_every_leaf_is_found_again_at_its_place(document):
    root = etree.fromstring(BODY)
    for key, location, *_ in document.leaves():
        steps = [
            step if ":" in step or step[0] == "@" or step == "text()" else f"v:{step}"
            for step in location.strip("/").split("/")
        ]
        found = root.xpath(
            "/" + "/".join(steps),
            namespaces={
                "v": "urn:hl7-org:v3",
                "sdtc": "urn:hl7-org:sdtc",
                "xsi": "http://www.w3.org/2001/XMLSchema-instance",
            },
        )
        assert str(found[0]).strip() == document.value(key)


def test_all_attributes_and_all_words_are_leaves_each_once(document):
    leaves = list(document.leaves())
    assert len({key for key, *_ in leaves}) == len(leaves)
    values = [document.value(key) for key, *_ in leaves]
    assert {"See", "sigmoid cancer", "here", "Tannwald", "C18.7", "2015-08-01"} <= set(values)


def test_reading_is_counted_and_looking_is_not(document):
    [value] = reader(f"{SECTION}/entry/act/entryRelationship/observation[template 4.4]/value")(document.root)
    assert value.look("code") == "C18.7"
    assert document.touched == []
    assert value.read("code") == "C18.7"
    assert [document.value(key) for key in document.touched] == ["C18.7"]


def test_an_element_that_only_has_structure_says_nothing():
    [record] = parse(
        b'<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        b'<a nullFlavor="UNK"/><b><c value="1"/></b></ClinicalDocument>'
    )
    assert [one.valued for one in record.root.children()] == [False, True]


def test_narrative_is_found_by_the_reference_of_an_entry(document):
    assert document.narrative("#p1").words() == "sigmoid cancer"
    assert document.narrative("#p2") is None


def test_the_same_act_is_known_wherever_it_stands_and_however_it_is_indented():
    one = '<act moodCode="EVN"><id root="1"/><text><reference value="#a"/></text></act>'
    two = '<act moodCode="EVN">\n <id root="1"/>\n <text><reference value="#b"/></text></act>'
    other = one.replace('"1"', '"2"')
    [record] = parse(f'<ClinicalDocument xmlns="urn:hl7-org:v3">{one}{two}{other}</ClinicalDocument>'.encode())
    first, second, third = (node.fingerprint() for node in record.root.children())
    assert first == second != third


NAMES = st.sampled_from(["id", "code", "value", "act", "sdtc:category"])


@given(st.recursive(NAMES, lambda inner: st.tuples(NAMES, st.lists(inner, max_size=4)), max_leaves=20))
def test_places_are_distinct_in_any_tree(tree):
    def build(node):
        name, below = node if isinstance(node, tuple) else (node, [])
        prefix, _, local = name.rpartition(":")
        element = etree.Element(f"{{{'urn:hl7-org:sdtc' if prefix else 'urn:hl7-org:v3'}}}{local}", value="1")
        element.extend(build(one) for one in below)
        return element

    root = etree.Element("{urn:hl7-org:v3}ClinicalDocument")
    root.append(build(tree))
    [record] = parse(etree.tostring(root))
    places = [location for _, location, *_ in record.leaves()]
    assert len(set(places)) == len(places)
