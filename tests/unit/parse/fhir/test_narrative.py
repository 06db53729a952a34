"""gateway/parse/fhir/narrative.py"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.parse.fhir.narrative import clean


def div(inside: str) -> str:
    return f'<div xmlns="http://www.w3.org/1999/xhtml">{inside}</div>'


@pytest.mark.parametrize(
    "sound",
    [
        div("<p>plain</p>"),
        div('<table class="grid"><tr><td colspan="2">a</td></tr></table>'),
        div("<p>caf&#233; &lt;1 mg</p>"),
        div("<p>non&nbsp;breaking</p>"),
    ],
)
def test_sound_narrative_stays_as_it_was_sent(sound):
    assert clean(sound) == (sound, False)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (div("<p>a<script>alert(1)</script>b</p>"), div("<p>ab</p>")),
        (div('<p onclick="x()" class="y">a</p>'), div('<p class="y">a</p>')),
        (div('<p>see <a href="javascript:x()">the <b>plan</b></a></p>'), div("<p>see the <b>plan</b></p>")),
        (div('<p>scan: <img src="http://169.254.169.254/" alt="CT"/></p>'), div("<p>scan: CT</p>")),
        (div("<style>p {color: red}</style><p>a</p>"), div("<p>a</p>")),
        (div("<iframe/>"), div("-")),
        ("<p>not closed", div("not closed")),
        ("1 < 2", div("1 &lt; 2")),
        ('<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><div>&y;</div>', None),
        ("<div>no namespace</div>", div("no namespace")),
    ],
)
def test_what_is_not_allowed_goes_and_the_words_stay(sent, kept):
    found, changed = clean(sent)
    assert changed
    assert kept is None or found == kept


@given(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), max_size=200))
def test_what_comes_out_is_always_well_formed_and_allowed(words):
    for sent in (words, div(words), f"<div><script>{words}</script>{words}</div>"):
        kept, _ = clean(sent)
        assert clean(kept) == (kept, False)
