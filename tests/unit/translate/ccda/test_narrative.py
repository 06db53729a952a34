"""gateway/translate/ccda/narrative.py: every word stays, nothing that acts does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.parse import xml
from gateway.parse.ccda import parse
from gateway.translate.ccda.narrative import XHTML, div, text_div

ALLOWED = {"div", "p", "span", "ul", "ol", "li", "table", "thead", "tbody", "tfoot", "tr", "th", "td", "br", "sub",
           "sup", "b", "i", "em", "strong"}  # fmt: skip


class Silent:
    def warn(self, *args, **kwargs):
        pass


def written(body):
    [record] = parse(f'<ClinicalDocument xmlns="urn:hl7-org:v3"><text>{body}</text></ClinicalDocument>'.encode())
    return div(record.root.children()[0], Silent())


def parsed(body):
    return xml.read(written(body).encode())


def test_tables_lists_and_paragraphs_keep_their_shape():
    made = parsed(
        '<table><thead><tr><th>Drug</th></tr></thead><tbody><tr><td colspan="2">Ibu</td></tr></tbody></table>'
        '<list listType="ordered"><caption>Plan</caption><item>one</item><item>two</item></list>'
    )
    names = [element.tag.removeprefix(f"{{{XHTML}}}") for element in made.iter()]
    assert names[:7] == ["div", "table", "thead", "tr", "th", "tbody", "tr"]
    assert [e.text for e in made.iter(f"{{{XHTML}}}li")] == ["one", "two"]
    assert next(made.iter(f"{{{XHTML}}}td")).get("colspan") == "2"


@pytest.mark.parametrize(
    "body",
    [
        '<linkHtml href="javascript:x()">words</linkHtml>',
        '<content onclick="x()" style="a">words</content>',
        '<renderMultiMedia referencedObject="x"><caption>words</caption></renderMultiMedia>',
        "<a>words</a>",
        '<img src="http://a.example">words</img>',
    ],
)
def test_what_could_act_is_left_out_and_its_words_stay(body):
    made = parsed(body)
    assert "".join(made.itertext()).strip() == "words"
    for element in made.iter():
        assert element.tag.removeprefix(f"{{{XHTML}}}") in ALLOWED
        assert set(element.keys()) <= {"class", "colspan", "rowspan"}


def test_a_script_leaves_nothing():
    assert written("<script>alert(1)</script>") == ""


def test_no_words_give_no_narrative():
    assert written("<table><tbody><tr><td/></tr></tbody></table>") == ""


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), min_size=1, max_size=40))
def test_any_words_stay_words(words):
    assert "".join(xml.read(text_div(words).encode()).itertext()) == words
