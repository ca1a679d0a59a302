"""Code has the colours of its language, and not a character more or less than was written."""

import html as entities
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from notes_service.text.markup import code, lexers, markdown

SAMPLES = {
    "python": ('def f(x):  # why\n    return "é<&>" + 1\n', "<&>"),
    "js": ("const a = `x${1 + 1}`; // <b>\n", "<b>"),
    "html": ("<p class='a'>x &amp; y</p><script>let a = 1</script>\n", "&amp;"),
    "diff": ("--- a\n+++ b\n-old\n+new\n", "-old"),
    "java": ("public class A { void f(int a) { return; } }\n", "void f(int a)"),
    "c#": ("class A { int F(string a) => 1; // x\n}\n", "F(string"),
    "c": ("#include <a.h>\nint main(void) { return 0; }\n", "<a.h>"),
    "bash": ('for a in *; do echo "$a"; done # x\n', "echo"),
}
MARKS = ["/*", "*/", "<<", "'''", '"""', "<!--", "${", "@@ "]
HOSTILE = st.lists(
    st.sampled_from([*"\"'`#/*\\\n\t ()[]{}<>$%@=-:;,.a1_é漢\x00\u2028\r", *MARKS]),
    max_size=200,
).map("".join)  # fmt: skip


def coloured(source: str, language: str) -> str:
    return code.html(source, language, code.budget())


def as_read(html: str) -> str:
    return entities.unescape(re.sub("</?span[^>]*>", "", html))


@pytest.mark.parametrize("language", SAMPLES)
def test_a_known_language_has_colours_and_its_code_stays(language: str):
    source, part = SAMPLES[language]
    html = coloured(source, language)
    assert set(re.findall("<[^>]*>", html)) <= {
        "</span>",
        *(f'<span class="{kind}">' for kind in lexers.CLASSES),
    }
    assert html.count("<span") > 1
    assert part in as_read(html) == source


def test_each_kind_of_word_has_its_class():
    html = coloured('def f():  # why\n    return "a" + str(1)\n', "python")
    shown = re.findall(r'<span class="(.)">([^<]*)</span>', html)
    assert [(kind, text.strip()) for kind, text in shown] == [
        ("k", "def"),
        ("f", "f"),
        ("c", "# why"),
        ("k", "return"),
        ("s", '"a"'),
        ("t", "str"),
        ("n", "1"),
    ]


@pytest.mark.parametrize("language", ["", "no-such-language", "txt", '"><script>', "  "])
def test_a_language_is_never_guessed(language: str):
    assert coloured("def f(): <b>", language) == "def f(): &lt;b&gt;"


@pytest.mark.parametrize("language", ["py", "Python", "py {1,3}", "py{1}", " py title=x"])
def test_the_first_word_of_the_fence_names_it(language: str):
    assert '<span class="k">def' in coloured("def f(): pass", language)


def test_twenty_kibibytes_of_a_note_have_colours_and_the_rest_is_plain():
    block = "```py\n" + "def f(): pass\n" * 100 + "```\n\n"
    blocks = re.findall("<pre.*?</pre>", markdown.render(block * 20).html, re.DOTALL)
    are_coloured = ["<span" in each for each in blocks]
    assert are_coloured == [True] * 14 + [False] * 6
    assert 14 * 1400 <= code.COLOURED_BYTES < 15 * 1400


@pytest.mark.parametrize("unlike", ["x" * 1001, " " * 101, "\n" * 101])
def test_what_is_not_like_code_is_plain(unlike: str):
    source = f"def f(): pass\n{unlike}\n"
    assert coloured(source, "py") == source


@pytest.mark.parametrize("place", sorted(set(lexers.NAMES.values())))
@settings(max_examples=12, deadline=None)
@given(source=HOSTILE)
@example(source="a\r\nb\n\n c")
def test_promise_no_character_of_any_code_is_lost_or_added(place: str, source: str):
    language = next(name for name, where in lexers.NAMES.items() if where == place)
    assert as_read(coloured(source, language)) == source


@pytest.mark.parametrize("place", sorted(set(lexers.NAMES.values())))
@pytest.mark.parametrize(
    "part",
    [
        "a b c d ",
        *(
            pytest.param(part, marks=pytest.mark.long)
            for part in ("/*", "<!--", '"\\', "((((", "\\\n", "'''", "{{<%", "a\n", 'R"a(')
        ),
    ],
)
def test_hostile_code_has_an_end(place: str, part: str):
    """20 KiB each: an expression that takes a power of it would not be done."""
    language = next(name for name, where in lexers.NAMES.items() if where == place)
    line = (part * 500)[:999].rstrip("\\") + "\n"
    source = (line * 30)[: min(code.COLOURED_BYTES, lexers.most_bytes(language))]
    assert as_read(coloured(source, language)) == source
