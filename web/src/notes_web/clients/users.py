"""users-service for anyone at a browser: signing in, registration, access tokens, e-mails.

What it raises is `clients.http`'s: `Refused` or `Unreachable`.
"""

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from notes_web.clients.http import BackendError, Client, HttpClient
from notes_web.clients.users_types import (
    AccountOut,
    AuthorizationRequestOut,
    LoginOut,
    PasskeyOptionsOut,
    SignInMethodsOut,
    SignUpOut,
    TokenOut,
    TwoFactorChallengeOut,
    VerifiedEmailOut,
)


class _BrowserClient:
    """Calls users-service for whoever is at a browser, signed in or not.

    The API key ("name:secret") goes along only where it makes the browser's address believed.
    """

    def __init__(self, service: HttpClient, *, api_key: str) -> None:
        self._call = service.call
        self._key = "Basic " + base64.b64encode(api_key.encode()).decode()

    async def _post(self, client: Client, path: str, said: Any = None, **given: Any) -> Any:
        headers = {"Authorization": self._key} | client.headers
        return await self._call("POST", path, json=said, headers=headers, **given)


class UsersClient(_BrowserClient):
    """users-service: accounts, browser sessions, access tokens."""

    async def open_session(
        self, client: Client, username: str, password: str
    ) -> LoginOut | TwoFactorChallengeOut:
        """Signs in with a password: a session, or the second step that is asked for."""
        typed = {"username": username, "password": password}
        # Nobody holds what was begun.
        return await self._post(client, "/v1/sessions", typed, changes=False)

    async def take_second_step(self, client: Client, step: str, code: str) -> LoginOut:
        """Finishes a sign-in with a code of the app or a recovery code."""
        typed = {"token": step, "code": code}
        return await self._post(client, "/v1/sessions/second-factor", typed)

    async def sign_in_methods(self) -> SignInMethodsOut:
        """`passwords` and `passkeys`, on or off, and `providers`."""
        return await self._call("GET", "/v1/sign-in")

    async def passkey_options(self, client: Client) -> PasskeyOptionsOut:
        """Returns WebAuthn options for signing in, the same for everybody."""
        return await self._post(client, "/v1/passkeys/options", changes=False)

    async def begin_authorization(
        self, client: Client, provider: str, home: str, *, invite: str = ""
    ) -> AuthorizationRequestOut:
        """Returns where to sign in at the provider, and the flow to come back with."""
        wanted = {"redirect_uri": home} | ({"invite": invite} if invite else {})
        return await self._post(client, _sign_in(provider), wanted)

    async def finish_authorization(
        self, client: Client, provider: str, brought: Mapping[str, str]
    ) -> LoginOut | TwoFactorChallengeOut:
        """Signs in with the authorization response of a provider."""
        return await self._post(client, _sign_in(provider) + "/callback", dict(brought))

    async def open_by_link(
        self, client: Client, token: str
    ) -> LoginOut | TwoFactorChallengeOut:
        """A new session, or `second_factor` as from a password."""
        return await self._post(client, "/v1/sessions/link", {"token": token})

    async def open_by_passkey(self, client: Client, proof: Mapping[str, Any]) -> LoginOut:
        """`proof` has flow and credential, and a token where it is the second step."""
        step = "second-factor" if "token" in proof else "passkey"
        return await self._post(client, f"/v1/sessions/{step}", dict(proof))

    async def token(
        self, session: str, audience: str = "notes", *, is_patient: bool = True
    ) -> TokenOut:
        """Returns an access token of five minutes for the audience."""
        return await self._call(
            "POST",
            "/v1/tokens",
            token=session,
            json={"audience": audience},
            repeatable=True,
            changes=False,
            is_patient=is_patient,
        )

    async def sign_up_mode(self) -> SignUpOut:
        """Returns who can register: anyone, those with an invitation, or nobody."""
        return await self._call("GET", "/v1/sign-up")

    async def create_account(self, client: Client, wanted: Mapping[str, str]) -> AccountOut:
        """Registers an account; fields of `wanted` that are empty are left out."""
        given = {name: value for name, value in wanted.items() if value}
        return await self._post(client, "/v1/accounts", given)

    async def reset_password(self, client: Client, token: str, password: str) -> None:
        """Sets a new password with the code of a one-time link."""
        await self._post(client, "/v1/password-resets", {"token": token, "password": password})


class EmailsClient(_BrowserClient):
    """What users-service does by e-mail."""

    async def are_sent(self) -> bool:
        """Also False while nobody can say."""
        try:
            return bool((await self._call("GET", "/v1/mail"))["is_on"])
        except BackendError:
            return False

    async def request_password_reset(self, client: Client, account: str) -> None:
        """Asks for an e-mail with a reset link; silent about whether the account exists."""
        await self._post(client, "/v1/password-reset-requests", {"account": account})

    async def verify_email(self, client: Client, token: str) -> str:
        """Verifies an address with the code of its e-mail; returns the address."""
        done: VerifiedEmailOut = await self._post(
            client, "/v1/email-verifications", {"token": token}
        )
        return done["email"]


def _sign_in(provider: str) -> str:
    return "/v1/sign-in/" + quote(provider, safe="")
