"""gateway/validate/narrative.py"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.validate.narrative import has_content, is_basic_html, links_are_found

DIV = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'


@pytest.mark.parametrize(
    "inside",
    [
        "words &amp; &#169; &nbsp;",
        '<p class="a">one<br/>two</p><!-- a remark -->',
        '<table><tbody><tr><td colspan="2">x</td></tr></tbody></table>',
        '<a href="#there">x</a><img src="#picture" alt="y"/>',
        "5 &lt; 6",
        '<p title="5 > 4">5 > 4</p >',
    ],
)
def test_basic_html_is_accepted(inside):
    assert is_basic_html(DIV.format(inside))


@pytest.mark.parametrize(
    "inside",
    [
        "<script>x</script>",
        '<p onclick="x()">y</p>',
        '<a href="javascript:x()">y</a>',
        '<a href=" JavaScript:x()">y</a>',
        "<p>open",
        "</p>",
        "<b><i>x</b></i>",
        "<iframe/>",
        '<p class="a" class="b">x</p>',
        "<p class=a>x</p>",
        "5 < 6",
        "a & b",
        "<form><input/></form>",
        "<style>p {}</style>",
        '<link rel="stylesheet" href="x"/>',
        "<p>x<br/</p>",
        "<b>x</b",
        "<b>x>/b>",
    ],
)
def test_what_is_no_basic_html_is_refused(inside):
    assert not is_basic_html(DIV.format(inside))


@pytest.mark.parametrize(
    "div",
    [
        "",
        "words",
        "<div>no namespace</div>",
        DIV.format("x") + DIV.format("y"),
        "<p>x</p>",
        "<div",
        DIV.format("x")[:-1],
        f"{DIV}>",
    ],
)
def test_the_narrative_is_one_div_in_the_namespace_of_xhtml(div):
    assert not is_basic_html(div)


def test_a_narrative_without_a_word_says_nothing():
    assert not has_content(DIV.format("<p> &nbsp;<br/></p>"))
    assert has_content(DIV.format("<p>x</p>"))
    assert has_content(DIV.format('<img src="#a" alt=""/>'))


@given(st.text(alphabet="<>/div\"'= &;!-xmlns", max_size=60))
def test_no_text_makes_the_scanner_raise(text):
    assert is_basic_html(DIV.format(text)) in (True, False)
    assert has_content(text) in (True, False)


def test_a_long_narrative_that_is_broken_is_judged_at_once():
    assert not is_basic_html(DIV.format("<p " + 'a="b' * 50_000))
    assert not is_basic_html(DIV.format("<!--" * 50_000))


@pytest.mark.parametrize(
    ("link", "found"),
    [
        ('href="#there"', True),
        ("src='#picture'", True),
        ('href="#nowhere"', False),
        ('href="https://a.example/#x"', True),
    ],
)
def test_a_link_inside_leads_to_an_id_of_an_element_or_of_the_narrative(link, found):
    div = DIV.format(f'<p id="there"><a {link}>x</a></p>')
    assert links_are_found(div, {"text": {"div": div}, "contained": [{"id": "picture"}]}) is found
