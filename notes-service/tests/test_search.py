# ruff: noqa: E501 - one case a line, in the letters of many scripts
"""What people look for is found, the best of it first, and shown."""

from datetime import timedelta

import pytest
from note_api import Api
from note_builders import ANA, NOON
from notes_service.domain import limits, rules
from notes_service.domain.notes import Rendering
from notes_service.store import notes
from notes_service.store.database import Database
from notes_service.text import words
from sqlalchemy import text

# A text; what it is found by; what it is not found by.
FOUND = [
    ("curly", "He said “curly” quotes", ["curly", '"said curly"', "“said curly”", "CURLY", "„curly“"], ["url"]),
    ("dash", "say that in this—that order…", ["that", "this", "order", '"this that"'], ["thisthat"]),
    ("ete", "l’été à la plage", ["été", "ete", "ÉTÉ", "l'été", "l’été", "plage"], ["ét"]),
    ("que", "¿Qué pasa? ¡Olé!", ["qué", "que", "QUÉ", "ole", "¿qué"], []),
    ("pizza", "🍕pizza🍕today", ["pizza", "today", "🍕", "🍕pizza", "PIZZA"], ["🍔"]),
    ("either", "either/or", ["either", "either/or", "or"], []),
    ("file", "see holiday.png", ["holiday", "png", "holiday.png", "HOLIDAY.PNG"], ["holi.png"]),
    ("mail", "write to zoe@example.org", ["zoe", "example", "zoe@example.org", "example.org"], []),
    ("covid", "after COVID-19 began", ["19", "covid", "COVID-19", "covid19", "covid‑19"], ["20"]),
    ("zurich", "Zu\u0308rich im Mai", ["Zürich", "zurich", "ZÜRICH", "Zu\u0308rich"], []),
    ("nfc", "Ångström", ["Angstro\u0308m", "angstrom", "A\u030angström"], []),
    ("mixed", "visit 東京 tower today", ['"東京 tower"', '"visit 東京"', "東京tower", "東", "京"], ['"tower 東京"', "京東"]),
    ("dont", "I don’t know", ["don't", "don’t", "dont", "DON'T"], []),
    ("email", "an e-mail came", ["email", "e-mail", "mail", "E‑Mail"], []),
    ("email2", "an electronic mailbox", ["mailbox"], []),
    ("wide", "Ｆｕｌｌｗｉｄｔｈ ﬁsh", ["fullwidth", "fish", "ｆｉｓｈ"], []),
    ("strasse", "Hauptstraße 7", ["hauptstrasse", "HAUPTSTRASSE", "Hauptstraße"], []),
    ("lodz", "Łódź, Tromsø, smörgåsbord", ["lodz", "Łódź", "tromso", "smorgasbord"], []),
    ("greek", "Η Οδύσσεια του Ομήρου", ["οδυσσεια", "ΟΔΎΣΣΕΙΑ", "ομηρου", "ΟΜΗΡΟΥ"], []),
    ("sigma", "ο Σίσυφος", ["σισυφος", "ΣΙΣΥΦΟΣ"], []),
    ("cyrillic", "Ёлка и «война»", ["елка", "ёлка", "ВОЙНА", "«война»", "война"], []),
    ("turkish", "İstanbul’da ışık", ["istanbul", "İSTANBUL", "isik", "ışık"], []),
    ("hebrew", "שָׁלוֹם עולם", ["שלום", "עולם"], []),
    ("arabic", "السَّلامُ عليكم ٢٠٢٦", ["السلام", "عليكم", "2026", "٢٠٢٦"], []),
    ("persian", "می‌خواهم کتاب", ["میخواهم", "می‌خواهم", "خواهم", "کتاب", "كتاب"], []),
    ("hindi", "मुझे हिन्दी पसंद है", ["हिन्दी", "पसंद"], ["हिन्द"]),
    ("thai", "ฉันรักภาษาไทยมาก", ["ภาษา", "ไทย", "ภาษาไทย"], ["ไทยภาษา"]),
    ("korean", "한국어를 배워요", ["한국어", "국어", "배워요"], ["어국"]),
    ("kana", "これはノートです", ["ノート", "ノ", "これは"], ["トノ"]),
    ("viet", "Phở Hà Nội", ["pho", "phở", "ha noi", "Hà Nội"], []),
    ("cpp", "Programming in C++ today", ["C++", "c++", "programming"], ["C#"]),
    ("csharp", "Programming in C# tomorrow", ["C#"], ["C++"]),
    ("brackets", "(parens) [square] {curled} <angle>", ["parens", "square", "curled", "angle", "(parens)"], []),
    ("marks", "**bold**text and __under__ snake_case", ["bold", "text", "under", "snake", "snake_case"], []),
    ("url", "https://example.com/some/path?q=value#top", ["path", "value", "example.com", "https://example.com/some/path"], []),
    ("hash", "#holiday2026 and @ana", ["#holiday2026", "holiday2026", "@ana"], []),
    ("number", "1,000.50 € on 2026-11-27", ["2026-11-27", "11", "1,000.50", "€"], ["1000.60"]),
    ("soft", "co\xadope\xadration zero\u200bwidth", ["cooperation", "zero", "width"], []),
    ("tm", "Notes™ by Acme®", ["notes", "acme"], []),
    ("flag", "Salut 🇫🇷!", ["🇫🇷", "salut"], ["🇷🇫"]),
    ("astronaut", "👩‍🚀 and 👍🏽 ❤️", ["👩‍🚀", "👍", "👍🏽", "❤"], []),
    ("slash", "and/or input/output,comma;semi:colon", ["input", "output", "comma", "semi", "colon"], []),
    ("quote", "it's John's O'Brien's", ["o'brien", "john's", "it’s", "brien"], []),
    ("guillemets", "«Bonjour»,dit-il", ["bonjour", "dit-il", "il"], []),
    ("german", "„Gänsefüßchen“–Strich", ["gansefusschen", "Gänsefüßchen", "strich"], []),
]  # fmt: skip


async def stored(database: Database, key: str, *, title="t", body="", now=NOON, by=ANA) -> None:
    typed = limits.Draft(title, body).checked()
    rendered = Rendering("", body[:20], words.of(typed.body))
    note, _ = rules.create(key, typed, rendered, by=by, now=now)
    async with database.statements() as connection:
        assert await notes.add(connection, note, [])


async def found(api: Api, query: str, **more) -> list[str]:
    answer = await api.get("/notes", params={"q": query, "limit": 100, **more})
    return [row["key"] for row in answer.json()["notes"]]


async def test_words_are_found_however_they_are_typed_and_whatever_stands_beside_them(
    api: Api, database: Database
):
    for key, body, *_ in FOUND:
        await stored(database, key, body=body)
        await stored(database, f"{key}-t", title=body)
    wrong = []
    for key, _, by, not_by in FOUND:
        for query in by:
            if not {key, f"{key}-t"} <= set(await found(api, query)):
                wrong.append((key, query, "not found"))
        for query in not_by:
            if key in await found(api, query):
                wrong.append((key, query, "found"))
    assert wrong == []


async def test_the_exact_title_comes_first_then_titles_then_texts_then_near_misses(
    api: Api, database: Database
):
    for number in range(60):
        later = NOON + timedelta(seconds=number)
        await stored(database, f"n{number}", title=f"Flood {number}", now=later)
    await stored(database, "body", body="flood at 49 o'clock", now=NOON + timedelta(days=1))
    await stored(database, "more", title="The flood of 49", now=NOON + timedelta(hours=1))
    await stored(database, "near", title="Floods", now=NOON + timedelta(days=2))
    assert (await found(api, "Flood 49"))[:3] == ["n49", "more", "body"]
    assert await found(api, "499") == []
    assert (await found(api, "flood"))[-1] == "near"


@pytest.mark.long
async def test_among_a_thousand_notes_with_its_words_the_exact_title_is_first(
    api: Api, database: Database
):
    for number in range(1000):
        body = "flood 499, " * (number % 7 + 1) + "the great flood of 499"
        later = NOON + timedelta(minutes=number)
        await stored(database, f"n{number}", title=f"Flood {number}", body=body, now=later)
    await stored(database, "great", title="The great flood", body="499", now=NOON)
    for query, first in [
        ("flood 499", "n499"),
        ("FLOOD 7", "n7"),
        ("the great flood", "great"),
    ]:
        assert (await found(api, query))[0] == first


async def test_a_phrase_and_a_minus_hold_whatever_the_title_resembles(
    api: Api, database: Database
):
    await stored(database, "cake", title="Banana cake", body="sugar")
    await stored(database, "bread", title="Banana bread", body="salt")
    assert await found(api, "banana -cake") == ["bread"]
    assert await found(api, "bananna -cake") == ["bread"]
    assert await found(api, '"cake banana"') == []
    assert await found(api, 'banana "cake salt"') == []
    assert await found(api, 'banana -"banana bread"') == ["cake"]
    assert await found(api, "banana OR zebra -salt") == ["cake"]
    assert await found(api, "-sugar") == ["bread"]


async def test_a_short_word_is_not_taken_for_another_short_one(api: Api, database: Database):
    await stored(database, "list", title="Shopping list for Saturday", body="milk")
    await stored(database, "cat", title="The cat and the dog")
    assert [await found(api, query) for query in ("fox", "fox -lazy", "car", "dig")] == [[]] * 4
    assert await found(api, "shoping") == ["list"]


async def test_no_phrase_goes_from_the_title_into_the_text(api: Api, database: Database):
    await stored(database, "a", title="Monday", body="soup")
    assert await found(api, '"monday soup"') == []
    assert await found(api, "monday soup") == ["a"]


async def test_the_end_of_a_long_text_and_who_wrote_it_are_found(api: Api, database: Database):
    await stored(database, "long", body="filler words here " * 14_000 + "the quick needle")
    assert await found(api, "needle") == ["long"]
    assert await found(api, '"quick needle"') == ["long"]
    assert await found(api, "Ana needle") == ["long"]


async def test_every_note_that_matches_is_on_exactly_one_page(api: Api, database: Database):
    for number in range(9):
        title, body = [("Soup", ""), ("Good soup", ""), ("t", "soup")][number % 3]
        await stored(database, f"n{number}", title=title, body=body)
    keys, cursor = [], None
    while True:
        query = {"q": "soup", "limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await api.get("/notes", params=query)).json()
        assert page["total"] == 9
        keys += [row["key"] for row in page["notes"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert keys == ["n6", "n3", "n0", "n7", "n4", "n1", "n8", "n5", "n2"]


async def test_the_hits_are_marked_in_the_title_and_in_the_passage_around_the_first(
    api: Api, database: Database
):
    body = "nothing of it. " * 900 + "Then **the “Été”** came to l’été again. " + "More. " * 90
    await stored(database, "a", title="L’été indien", body=body)
    (row,) = (await api.get("/notes", params={"q": "ete"})).json()["notes"]
    assert row["found"]["title"] == [
        {"text": "L’", "hit": False},
        {"text": "été", "hit": True},
        {"text": " indien", "hit": False},
    ]
    passage = row["found"]["passage"]
    assert [piece["text"] for piece in passage if piece["hit"]] == ["Été", "été"]
    assert passage[0]["text"].startswith("…")
    assert "**" not in "".join(piece["text"] for piece in passage)


async def test_what_the_release_before_saved_is_found_before_it_is_derived_again(
    api: Api, database: Database
):
    await stored(database, "old", title="Old soup", body="bread")
    async with database.statements() as connection:
        await connection.execute(
            text("UPDATE notes SET lexemes = NULL, found_title = NULL, found_text = NULL")
        )
    assert await found(api, "soup bread") == ["old"]
    assert await found(api, "soup -bread") == []


@pytest.mark.parametrize(
    "query", ["' & | ! :* ( \\", "%", "—", "\u200b", "-", "OR", '""', "''", "\u3164"]
)
async def test_what_says_nothing_finds_nothing(api: Api, database: Database, query):
    await stored(database, "a", title="' & | x", body="— % OR")
    answer = (await api.get("/notes", params={"q": query})).json()
    assert answer["notes"] == []
