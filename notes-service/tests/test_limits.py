"""The limits of what people may type."""

import pytest
from notes_service.domain import limits
from notes_service.domain.limits import (
    BodyTooLong,
    InvalidBody,
    InvalidComment,
    InvalidIdempotencyKey,
    InvalidKey,
    InvalidSearch,
    InvalidTitle,
)
from notes_service.text import former_words

LIMIT = 256 * 1024
RULES = [
    # check, too much or wrong, refusal, just right
    (limits.title_text, ["", "  \n", "x" * 201, "a\0b", "\ud800"], InvalidTitle,
     ["x", "x" * 200, f"  {'x' * 200}  ", "漢" * 200]),
    (limits.body_text, ["x" * (LIMIT + 1), "漢" * (LIMIT // 3 + 1)], BodyTooLong,
     ["", "x" * LIMIT, "漢" * (LIMIT // 3)]),
    (limits.body_text, ["a\0b", "\udfff", "ok \ud800"], InvalidBody, ["\t\n", "\U0001f600"]),
    (limits.comment_text, ["", " ", "x" * 4001, "\0", "\ud83d"], InvalidComment,
     ["x", "x" * 4000]),
    (limits.note_key, ["", ".", "..", "add", "edit", "save", "view", "destroy", "new", "trash",
     "a" * 65, "a b", "a/b", "ä", "a\n", "\0"], InvalidKey,
     ["a", "a" * 64, "A.b_c~d-9", "...", "Add", "-"]),
    (limits.search_text, ["x" * 201, "a\0"], InvalidSearch, ["", "x" * 200]),
    (limits.idempotency_key, ["", "x" * 256, "a b", "ä", "a\n"], InvalidIdempotencyKey,
     ["x", "x" * 255, '"8e03978e"']),
]  # fmt: skip


@pytest.mark.parametrize(
    ("check", "given", "refusal"),
    [(check, bad, refusal) for check, wrong, refusal, _ in RULES for bad in wrong],
)
def test_what_is_outside_the_limits_is_refused(check, given, refusal):
    with pytest.raises(refusal) as refused:
        check(given)
    assert str(refused.value)


@pytest.mark.parametrize(
    ("check", "given"), [(check, good) for check, _, _, right in RULES for good in right]
)
def test_what_is_just_within_the_limits_is_taken(check, given):
    assert check(given) is not None


NOTHING = [chr(point) for point in (
    *(0x200B, 0x3164, 0x2800, 0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x180E, 0x200D),
    *(0x200E, 0x202E, 0x2060, 0x2064, 0x2066, 0xFE0F, 0xFEFF, 0xFFA0, 0xFFFB, 0xFFFF),
    *(0x1D159, 0x1D173, 0xE0041, 0xE0100, 0x3000, 0x2003, 0xA0, 0x1680),
)] + ["\u2800 \u200b\u3164"]  # fmt: skip
NOT_IN_A_TITLE = [
    *("\n", "\r\n", "\r", "\t", "\v", "\f", "\x1b[2J", "\x07", "\x7f", "\x85", "\x9b", "\0"),
    *("\u2028", "\u2029", "\ud800"),
]


@pytest.mark.parametrize("nothing", NOTHING, ids=ascii)
def test_a_title_or_a_comment_that_shows_nothing_is_refused(nothing):
    for check in (limits.title_text, limits.comment_text):
        for text in (nothing, f" {nothing * 3}\n"):
            with pytest.raises((InvalidTitle, InvalidComment), match="shows something") as no:
                check(text)
            assert no.value.reason == "blank"
        assert check(f"{nothing}a{nothing}").strip(nothing) == "a"


@pytest.mark.parametrize("sign", NOT_IN_A_TITLE, ids=ascii)
def test_a_title_is_one_line_that_no_terminal_obeys(sign):
    with pytest.raises(InvalidTitle, match="control characters") as refused:
        limits.Draft(f"a{sign}b", "").checked()
    assert refused.value.facts == {"reason": "unfit", "limit": 200, "length": 2 + len(sign)}


@pytest.mark.parametrize(
    "title",
    [
        *(
            "👩\u200d🚀",
            "❤\ufe0f",
            "🏴\U000e0067\U000e0062\U000e007f",
            "می\u200cخواهم",
            "\u200fאב",
        ),
        *("co\xadop", "e\u0301", "#\ufe0f\u20e3", ".", "—", "\u2588", "\ufffd", "\u3164a", "⠁"),
    ],
    ids=ascii,
)
def test_signs_unseen_stay_in_titles_that_show_something(title):
    assert limits.title_text(title) == title


def test_titles_and_comments_are_stripped_and_bodies_are_not():
    assert limits.Draft(" a ", " b ").checked() == limits.Text("a", " b ")
    assert limits.comment_text(" a\n") == "a"


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_lines_end_alike_whoever_sends_them(end):
    given = end.join(["", "a", "", "b", ""])
    assert limits.Draft("T", given).checked().body == "\na\n\nb\n"
    assert limits.comment_text(given) == "a\n\nb"
    assert limits.body_text((end + "x") * (LIMIT // 2)) == "\nx" * (LIMIT // 2)


def test_the_release_before_still_finds_what_this_one_saves():
    """Chinese and Japanese by any one or two neighbouring characters, as it has it."""
    assert former_words.of_text("go 日本語 ok").split() == [
        "go",
        *"日本語",
        "日本",
        "本語",
        "ok",
    ]
    assert former_words.of_query("日本語").split() == ["日本", "本語"]
    assert former_words.of_query("茶").split() == ["茶"]
