"""Text of strangers is text: in titles, names, comments, searches and form fields."""

import pytest
from fake_backends import ANA

EVIL = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
    "</textarea><script>alert(1)</script>",
    "{{ 7*7 }}",
    "</title><svg onload=alert(1)>",
]


@pytest.mark.parametrize("text", EVIL)
async def test_no_page_takes_text_for_markup(browse, backends, text):
    evil = ANA | {"name": text, "id": "evil-id"}
    backends.notes.put("menu", text, text, evil)
    backends.notes.say("menu", text, evil)
    browser = browse(ANA)
    for path in ("/", "/notes/menu", "/notes/menu/edit", "/notes/menu/delete"):
        page = await browser.get(path)
        assert page.status == 200
        _is_clean(page.text)
    assert (await browser.get("/notes/menu/edit")).form("edit-form").fields["body"] == text
    _is_clean((await browser.client.get("/", params={"q": text})).text)
    form = (await browser.get("/notes/add")).form("edit-form")
    _is_clean((await browser.submit(form, title="x" * 300, body=text, key=text)).text)


def _is_clean(html: str) -> None:
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    assert "<svg onload" not in html
    assert ">49<" not in html
