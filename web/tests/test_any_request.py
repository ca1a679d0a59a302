"""Whatever is sent to a page, the answer is a page, and never a mistake of ours.

Requests are made from a description of all routes, their forms included (`described_pages`).
The examples are always the same ones: what is found once is found by everybody.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
import requests
import schemathesis
from answer_rules import cookie_faults, header_faults
from browsing import Backends, web_settings
from described_pages import described
from fake_backends import ADA
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from notes_web.app import create_app
from notes_web.cookies import Cookies
from notes_web.csrf import TOKEN
from notes_web.signed_cookies import Signer
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from served_web import served
from strange_headers import addresses

pytestmark = pytest.mark.slow

FORM = "application/x-www-form-urlencoded"
PAGES = schemathesis.openapi.from_dict(described(create_app(web_settings())))
EVERY = [each.ok() for each in PAGES.get_all_operations() if isinstance(each, Ok)]


class Understanding(httpx.AsyncBaseTransport):
    """In front of a fake, which knows less than the service: what it fails at, it refuses."""

    def __init__(self, behind: httpx.AsyncBaseTransport) -> None:
        self._behind = behind

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            answer = await self._behind.handle_async_request(request)
        except Exception:  # noqa: BLE001 - whatever it was, it is no fault of web's
            return self._refused(422)
        is_unknown = answer.headers.get("Content-Type", "").startswith("text/plain")
        return self._refused(answer.status_code) if is_unknown else answer

    def _refused(self, status: int) -> httpx.Response:
        problem = {"status": status, "code": "refused", "detail": "does not fit"}
        return httpx.Response(status, json=problem)


class Understood(Backends):
    def transports(self) -> dict[str, httpx.AsyncBaseTransport]:
        return {name: Understanding(each) for name, each in super().transports().items()}


@dataclass
class Front:
    backends: Backends
    url: str
    http: requests.Session = field(default_factory=requests.Session)

    def faults(self, case: schemathesis.Case) -> list[str]:
        """What is wrong with the answers: to a stranger, and to an administrator's own page."""
        return [*self._asked(case, {}, {}), *self._asked(case, *self._at_home())]

    def _asked(
        self, case: schemathesis.Case, headers: dict[str, str], cookies: dict[str, str]
    ) -> list[str]:
        self.http.cookies.clear()
        ours = {"Origin": self.url} | headers
        answer = case.call(
            base_url=self.url,
            session=self.http,
            headers=ours,
            cookies=cookies,
            allow_redirects=False,
        )
        found = header_faults(answer.status_code, answer.headers)
        for said in answer.headers.get("set-cookie", []):
            found += cookie_faults(said)
        return [*found, *([str(answer.status_code)] if answer.status_code >= 500 else [])]

    def sent(
        self, path: str, form: Any, kind: str = FORM, *, method: str = "POST"
    ) -> httpx.Response:
        """The answer to an administrator's own page."""
        headers, cookies = self._at_home()
        ours = {"Origin": self.url, "Sec-Fetch-Site": "same-origin", "Content-Type": kind}
        body = form if isinstance(form, bytes) else urlencode(form).encode()
        with httpx.Client(base_url=self.url, cookies=cookies, trust_env=False) as http:
            return http.request(method, path, content=body, headers=ours | headers)

    def _at_home(self) -> tuple[dict[str, str], dict[str, str]]:
        """Signed in anew: the request before may have been any act."""
        self.backends.users.people["ada"] = ADA
        session = self.backends.users.sign_in(ADA)
        self.backends.notes.put("menu", "Menu", "Soup")
        self.backends.notes.say("menu", "Good")
        signer = Signer(web_settings().secret.get_secret_value())
        return {"X-Form-Token": signer.mac(TOKEN, session)}, {Cookies.SESSION: session}


@pytest.fixture(scope="module")
def front() -> Iterator[Front]:
    backends = Understood()
    with served(backends) as url:
        yield Front(backends, url)


def always_the_same(examples: int) -> settings:
    return settings(
        max_examples=examples,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        deadline=None,
    )


@given(st.data())
@always_the_same(60)
def test_any_request_to_any_page_gets_an_answer_that_keeps_to_the_rules(
    front: Front, data: st.DataObject
) -> None:
    operation = data.draw(st.sampled_from(EVERY))
    assert front.faults(data.draw(operation.as_strategy())) == []


@pytest.mark.long
@pytest.mark.parametrize("operation", EVERY, ids=lambda each: each.label)
@given(st.data())
@always_the_same(12)
def test_any_request_to_each_page_does_too(
    front: Front, operation: APIOperation, data: st.DataObject
) -> None:
    assert front.faults(data.draw(operation.as_strategy())) == []


BOUNDARY = "multipart/form-data; boundary=x"
CHARSETS = [
    "undefined", "punycode", "unicode_escape", "utf-7", "UTF-16", '"raw-unicode-escape"',
    "idna",
]  # fmt: skip


@pytest.mark.parametrize("charset", CHARSETS)
@pytest.mark.parametrize("path", ["/users/login", "/notes/add"])
def test_a_form_in_letters_that_pages_are_not_made_of_is_refused(
    front: Front, path: str, charset: str
) -> None:
    fields = (("title", b"\\ud800"), ("body", b"+2AA-"), ("username", b"\xff"))
    head = b'--x\r\nContent-Disposition: form-data; name="'
    parts = [head + name.encode() + b'"\r\n\r\n' + said + b"\r\n" for name, said in fields]
    body = b"".join(parts) + b"--x--\r\n"
    assert front.sent(path, body, f"{BOUNDARY}; charset={charset}").status_code == 415
    assert front.sent(path, body, f"{BOUNDARY}; charset=UTF-8").status_code < 500


CREDENTIALS = {
    "deep": "[" * 100_000,
    "just as deep as can be read": '{"a":' * 950 + "1" + "}" * 950,
    "no number": '{"a": NaN}',
    "no end": '{"a": 1e999}',
    "half a letter": '{"a": "\\ud800"}',
    "many digits": '{"a": ' + "9" * 5000 + "}",
    "a list": "[]",
}


@pytest.mark.parametrize("said", CREDENTIALS.values(), ids=CREDENTIALS)
@pytest.mark.parametrize(
    "path", ["/users/login/passkey", "/account/passkeys", "/account/confirm"]
)
def test_what_no_passkey_says_is_refused(front: Front, path: str, said: str) -> None:
    proof = {"flow": "prove", "credential": said}
    form = proof | {f"confirm_{name}": text for name, text in proof.items()}
    assert front.sent(path, form).status_code in (401, 403, 422)


@pytest.mark.parametrize("dots", ["%2e", "%2E%2e"])
def test_an_address_of_dots_is_about_nothing(front: Front, dots: str) -> None:
    """On its way to a service `/account/passkeys/..` would become `/account`."""
    names = ("key", "passkey_id", "session_id", "token_id", "account_id", "invitation_id")
    filled = dict.fromkeys((*names, "provider"), dots) | {"comment": "1", "rest": f"/{dots}"}
    users, notes = front.backends.users, front.backends.notes
    for method, path in addresses(create_app(web_settings()), **filled):
        if dots in path:
            users.seen.clear()
            notes.seen.clear()
            answer = front.sent(path, {"name": "x"}, method=method)
            acts = {f"{each.method} {each.url.path}" for each in (*users.seen, *notes.seen)}
            acts = {each for each in acts if not each.startswith("GET ")} - {"POST /v1/tokens"}
            assert (answer.status_code < 500, acts) == (True, set()), path
