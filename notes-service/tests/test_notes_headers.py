"""Bytes that no text is made of, in every header of every route: never a 5xx."""

import pytest
from fastapi import FastAPI
from note_api import Api
from strange_headers import VALUES, addresses, failures, sets_of

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", ["beyond ASCII", "control bytes", "spaces"])
async def test_no_route_fails_for_a_header_that_is_no_text(api: Api, app: FastAPI, name: str):
    await api.create("menu")
    usual = api.issuer.bearer("ana") | {"Content-Type": "application/json"}
    asked = list(addresses(app, key="menu", comment_id="1"))
    assert len(asked) > 10
    found = {
        header: await failures(api.client, asked, usual=usual, sent=sent)
        for header, sent in sets_of(VALUES[name]).items()
    }
    assert {header: each for header, each in found.items() if each} == {}
