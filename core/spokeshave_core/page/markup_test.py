"""Tests of HTML that no text can break."""

from __future__ import annotations

import pytest

from spokeshave_core.page.markup import Html, element, join, raw_element


def test_texts_are_escaped_and_elements_are_not() -> None:
    assert element("p", "a < b & c", element("b", "</p>")).text == "<p>a &lt; b &amp; c<b>&lt;/p&gt;</b></p>"
    assert join("<", Html("<br>"), None, 0).text == "&lt;<br>0"


def test_attributes_are_escaped_and_named_as_html_has_them() -> None:
    html = element("td", class_="none", data_words='a "b" <c>', aria_label="x")
    assert html.text == '<td class="none" data-words="a &quot;b&quot; &lt;c&gt;" aria-label="x"></td>'


def test_attribute_values_may_be_true_none_or_zero() -> None:
    assert element("p", hidden=True, open=False, title=None).text == "<p hidden></p>"
    assert element("rect", x=0, y=0.0).text == '<rect x="0" y="0.0"></rect>'


def test_an_element_without_content_has_no_end() -> None:
    assert element("meta", name="viewport").text == '<meta name="viewport">'


def test_a_script_that_would_end_itself_is_refused() -> None:
    assert raw_element("script", "a < b").text == "<script>a < b</script>"
    with pytest.raises(ValueError, match="'</'"):
        raw_element("script", "'</script>'")
