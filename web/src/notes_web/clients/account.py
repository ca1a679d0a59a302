"""users-service for somebody who is signed in: everything people do to their own account.

Every call shows the person's session; our API key goes beside it, so that the browser's address
is believed. What is raised is `clients.http`'s: `Refused` or `Unreachable`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from notes_web.clients.http import Client, HttpClient
from notes_web.clients.users_types import (
    ApiTokenOut,
    AuthorizationRequestOut,
    DeviceOut,
    EnrolmentOut,
    ExportOut,
    LoginOut,
    MyAccountOut,
    NewApiTokenOut,
    PasskeyOptionsOut,
    PasskeyOut,
    RecoveryCodesOut,
    TokenOut,
    TwoFactorOut,
)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Somebody with a session, and the browser they are at."""

    session: str
    client: Client


class SignedInClient:
    """Calls users-service with a person's session and the browser's address."""

    def __init__(self, service: HttpClient, *, api_key: str) -> None:
        self._service, self._key = service, api_key

    async def _ask(self, credentials: Credentials, method: str, path: str, **given: Any) -> Any:
        headers = {"X-API-Key": self._key} | credentials.client.headers
        return await self._service.call(
            method, path, token=credentials.session, headers=headers, **given
        )


class AccountClient(SignedInClient):
    """What people do to their own account."""

    async def trade(self, credentials: Credentials, audience: str) -> TokenOut:
        """An access token for a personal API token, as far as its scopes go."""
        return await self._ask(
            credentials,
            "POST",
            "/v1/tokens",
            json={"audience": audience},
            repeatable=True,
            changes=False,
        )

    async def read(self, credentials: Credentials) -> MyAccountOut:
        """Returns the account with its identities."""
        return await self._ask(credentials, "GET", "/v1/account")

    async def change(self, credentials: Credentials, changes: Mapping[str, str | None]) -> None:
        """Changes name or e-mail address; only what is in `changes`."""
        await self._ask(credentials, "PATCH", "/v1/account", json=dict(changes))

    async def change_password(
        self, credentials: Credentials, *, old: str, new: str, code: str
    ) -> LoginOut:
        """Changes the password: every session ends, and the answer holds a new one.

        `old` is "" where there is none, `code` where there is no second step, or where it was
        shown lately.
        """
        said = {"old_password": old, "code": code}
        wanted = {"new_password": new} | {name: text for name, text in said.items() if text}
        return await self._ask(credentials, "PUT", "/v1/account/password", json=wanted)

    async def export(self, credentials: Credentials) -> ExportOut:
        """Returns everything that is stored about the account."""
        return await self._ask(credentials, "GET", "/v1/account/export")

    async def delete(self, credentials: Credentials) -> None:
        """Deletes the account and all its sessions."""
        await self._ask(credentials, "DELETE", "/v1/account")

    async def sessions(self, credentials: Credentials) -> list[DeviceOut]:
        """Returns the sessions that have not ended."""
        return (await self._ask(credentials, "GET", "/v1/sessions"))["sessions"]

    async def sign_out(self, credentials: Credentials) -> None:
        """Ends the present session."""
        await self._ask(credentials, "DELETE", "/v1/sessions/current")

    async def end_session(self, credentials: Credentials, session_id: str) -> None:
        """Ends one session; `Refused` with 404 if it is gone."""
        await self._ask(credentials, "DELETE", f"/v1/sessions/{quote(session_id, safe='')}")

    async def end_other_sessions(self, credentials: Credentials) -> int:
        """Ends all sessions but the present one; returns how many there were."""
        return (await self._ask(credentials, "DELETE", "/v1/sessions/others"))["ended"]

    async def reauthenticate(self, credentials: Credentials, proof: Mapping[str, Any]) -> None:
        """Proves once more who is signed in.

        `proof`: a password, with a code where the account has a second step; or flow and
        credential of a passkey; or a code, with the token of the step that is lacking.
        """
        path = "/v1/sessions/current/re-authenticate"
        await self._ask(credentials, "POST", path, json=dict(proof))

    async def begin_link(
        self, credentials: Credentials, provider: str, home: str
    ) -> AuthorizationRequestOut:
        """Begins to link an identity at a provider; returns where to send the browser."""
        return await self._ask(
            credentials, "POST", _identity(provider), json={"redirect_uri": home}
        )

    async def finish_link(
        self, credentials: Credentials, provider: str, brought: Mapping[str, str]
    ) -> None:
        """Links the identity that came back with the authorization response."""
        await self._ask(
            credentials, "POST", _identity(provider) + "/callback", json=dict(brought)
        )

    async def unlink(self, credentials: Credentials, provider: str) -> None:
        """Removes the link to a provider; `Refused` if it is the last way to sign in."""
        await self._ask(credentials, "DELETE", _identity(provider))

    async def begin_reauthentication(
        self, credentials: Credentials, provider: str, home: str
    ) -> AuthorizationRequestOut:
        """Begins re-authentication at a linked provider."""
        return await self._ask(
            credentials, "POST", _reauthentication(provider), json={"redirect_uri": home}
        )

    async def finish_reauthentication(
        self, credentials: Credentials, provider: str, brought: Mapping[str, str]
    ) -> str:
        """The token of the second step that is lacking; "" if nothing is."""
        path = _reauthentication(provider) + "/callback"
        done = await self._ask(credentials, "POST", path, json=dict(brought))
        return done.get("second_factor", {}).get("token", "")

    async def passkeys(self, credentials: Credentials) -> list[PasskeyOut]:
        """Returns the account's passkeys."""
        return (await self._ask(credentials, "GET", "/v1/account/passkeys"))["passkeys"]

    async def rename_passkey(
        self, credentials: Credentials, passkey_id: str, name: str
    ) -> None:
        """Gives a passkey another name."""
        path = f"/v1/account/passkeys/{quote(passkey_id, safe='')}"
        await self._ask(credentials, "PATCH", path, json={"name": name})

    async def resend_verification(self, credentials: Credentials) -> None:
        """To one's own address that is not confirmed yet."""
        await self._ask(credentials, "POST", "/v1/account/email-verification-requests")

    async def begin_passkey(self, credentials: Credentials) -> PasskeyOptionsOut:
        """Returns WebAuthn options for a new passkey, and the flow to finish it with."""
        return await self._ask(credentials, "POST", "/v1/account/passkeys/options")

    async def add_passkey(self, credentials: Credentials, wanted: Mapping[str, Any]) -> None:
        """Adds a passkey: `wanted` has flow, credential and name."""
        await self._ask(credentials, "POST", "/v1/account/passkeys", json=dict(wanted))

    async def remove_passkey(self, credentials: Credentials, passkey_id: str) -> None:
        """Removes a passkey, and ends all other sessions."""
        path = f"/v1/account/passkeys/{quote(passkey_id, safe='')}"
        await self._ask(credentials, "DELETE", path)

    async def factors(self, credentials: Credentials) -> TwoFactorOut:
        """Returns whether two-step sign-in is on, and how many codes and passkeys are left."""
        return await self._ask(credentials, "GET", "/v1/account/two-factor")

    async def begin_totp(self, credentials: Credentials) -> EnrolmentOut:
        """Returns the secret and QR code of a new authenticator app."""
        return await self._ask(credentials, "POST", "/v1/account/totp")

    async def confirm_totp(self, credentials: Credentials, code: str) -> list[str]:
        """Turns two-step sign-in on with a code of the app; returns recovery codes."""
        path = "/v1/account/totp/confirm"
        return _codes(await self._ask(credentials, "POST", path, json={"code": code}))

    async def remove_totp(self, credentials: Credentials, code: str) -> None:
        """Turns two-step sign-in off; `code` is "" where none is asked for."""
        given = {"json": {"code": code}} if code else {}
        await self._ask(credentials, "DELETE", "/v1/account/totp", **given)

    async def new_recovery_codes(self, credentials: Credentials) -> list[str]:
        """Returns new recovery codes; the old ones stop working."""
        return _codes(await self._ask(credentials, "POST", "/v1/account/recovery-codes"))

    async def api_tokens(self, credentials: Credentials) -> list[ApiTokenOut]:
        """Returns the account's API tokens, without their secrets."""
        return (await self._ask(credentials, "GET", "/v1/api-tokens"))["api_tokens"]

    async def make_api_token(
        self, credentials: Credentials, wanted: Mapping[str, Any]
    ) -> NewApiTokenOut:
        """Makes an API token: `wanted` has name, scopes and expires_in_days."""
        return await self._ask(credentials, "POST", "/v1/api-tokens", json=dict(wanted))

    async def revoke_api_token(self, credentials: Credentials, token_id: str) -> None:
        """Revokes an API token; `Refused` with 404 if it is gone."""
        await self._ask(credentials, "DELETE", f"/v1/api-tokens/{quote(token_id, safe='')}")


def _identity(provider: str) -> str:
    return "/v1/account/identities/" + quote(provider, safe="")


def _reauthentication(provider: str) -> str:
    return "/v1/sessions/current/re-authenticate/" + quote(provider, safe="")


def _codes(answer: RecoveryCodesOut) -> list[str]:
    return answer["recovery_codes"]
