"""users-service for somebody who is signed in: their own account, and administrators' acts.

Every call shows the person's session; our API key goes beside it, so that the browser's address
is believed. What is raised is `web.service`'s: `Refused` or `Unreachable`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from web.backends import Client
from web.service import Json, Service


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with a session, and the browser they are at."""

    session: str
    client: Client


class _Asking:
    def __init__(self, service: Service, *, api_key: str) -> None:
        self._service, self._key = service, api_key

    async def _ask(self, caller: Caller, method: str, path: str, **given: Any) -> Any:
        headers = {
            "X-API-Key": self._key,
            "X-Forwarded-For": caller.client.address,
            "X-Forwarded-User-Agent": caller.client.user_agent[:256],
        }
        return await self._service.call(
            method, path, token=caller.session, headers=headers, **given
        )


class OwnAccount(_Asking):
    """What people do to their own account."""

    async def trade(self, caller: Caller, audience: str) -> Json:
        """An access token for a personal API token, as far as its scopes go."""
        granted: Json = await self._ask(
            caller,
            "POST",
            "/v1/tokens",
            json={"audience": audience},
            repeatable=True,
            changes=False,
        )
        return granted

    async def read(self, caller: Caller) -> Json:
        account: Json = await self._ask(caller, "GET", "/v1/account")
        return account

    async def change(self, caller: Caller, changes: Mapping[str, str | None]) -> None:
        await self._ask(caller, "PATCH", "/v1/account", json=dict(changes))

    async def change_password(self, caller: Caller, *, old: str, new: str, code: str) -> Json:
        """Every session ends; the answer holds the new one. `old` is "" where there is none,
        `code` where there is no second step, or where it was shown lately.
        """
        said = {"old_password": old, "code": code}
        wanted = {"new_password": new} | {name: text for name, text in said.items() if text}
        made: Json = await self._ask(caller, "PUT", "/v1/account/password", json=wanted)
        return made

    async def export(self, caller: Caller) -> Json:
        everything: Json = await self._ask(caller, "GET", "/v1/account/export")
        return everything

    async def delete(self, caller: Caller) -> None:
        await self._ask(caller, "DELETE", "/v1/account")

    async def sessions(self, caller: Caller) -> list[Json]:
        found: list[Json] = (await self._ask(caller, "GET", "/v1/sessions"))["sessions"]
        return found

    async def sign_out(self, caller: Caller) -> None:
        await self._ask(caller, "DELETE", "/v1/sessions/current")

    async def end_session(self, caller: Caller, session_id: str) -> None:
        await self._ask(caller, "DELETE", f"/v1/sessions/{quote(session_id, safe='')}")

    async def end_other_sessions(self, caller: Caller) -> int:
        ended: int = (await self._ask(caller, "DELETE", "/v1/sessions/others"))["ended"]
        return ended

    async def reauthenticate(self, caller: Caller, proof: Mapping[str, Any]) -> None:
        """`proof`: a password, with a code where the account has a second step; or flow and
        credential of a passkey; or a code, with the token of the step that is lacking.
        """
        path = "/v1/sessions/current/re-authenticate"
        await self._ask(caller, "POST", path, json=dict(proof))

    async def depart_to_link(self, caller: Caller, provider: str, home: str) -> Json:
        begun: Json = await self._ask(
            caller, "POST", _identity(provider), json={"redirect_uri": home}
        )
        return begun

    async def link(self, caller: Caller, provider: str, brought: Mapping[str, str]) -> None:
        await self._ask(caller, "POST", _identity(provider) + "/callback", json=dict(brought))

    async def unlink(self, caller: Caller, provider: str) -> None:
        await self._ask(caller, "DELETE", _identity(provider))

    async def depart_to_prove(self, caller: Caller, provider: str, home: str) -> Json:
        begun: Json = await self._ask(
            caller, "POST", _proof(provider), json={"redirect_uri": home}
        )
        return begun

    async def prove(self, caller: Caller, provider: str, brought: Mapping[str, str]) -> str:
        """The token of the second step that is lacking; "" if nothing is."""
        path = _proof(provider) + "/callback"
        done: Json = await self._ask(caller, "POST", path, json=dict(brought))
        token: str = done.get("second_factor", {}).get("token", "")
        return token

    async def passkeys(self, caller: Caller) -> list[Json]:
        found: list[Json] = (await self._ask(caller, "GET", "/v1/account/passkeys"))["passkeys"]
        return found

    async def rename_passkey(self, caller: Caller, passkey_id: str, name: str) -> None:
        path = f"/v1/account/passkeys/{quote(passkey_id, safe='')}"
        await self._ask(caller, "PATCH", path, json={"name": name})

    async def ask_for_letter(self, caller: Caller) -> None:
        """To one's own address that is not confirmed yet."""
        await self._ask(caller, "POST", "/v1/account/email/letters")

    async def begin_passkey(self, caller: Caller) -> Json:
        begun: Json = await self._ask(caller, "POST", "/v1/account/passkeys/options")
        return begun

    async def add_passkey(self, caller: Caller, wanted: Mapping[str, Any]) -> None:
        await self._ask(caller, "POST", "/v1/account/passkeys", json=dict(wanted))

    async def remove_passkey(self, caller: Caller, passkey_id: str) -> None:
        path = f"/v1/account/passkeys/{quote(passkey_id, safe='')}"
        await self._ask(caller, "DELETE", path)

    async def factors(self, caller: Caller) -> Json:
        found: Json = await self._ask(caller, "GET", "/v1/account/factors")
        return found

    async def begin_totp(self, caller: Caller) -> Json:
        begun: Json = await self._ask(caller, "POST", "/v1/account/totp")
        return begun

    async def confirm_totp(self, caller: Caller, code: str) -> list[str]:
        path = "/v1/account/totp/confirm"
        return _codes(await self._ask(caller, "POST", path, json={"code": code}))

    async def remove_totp(self, caller: Caller, code: str) -> None:
        given = {"json": {"code": code}} if code else {}
        await self._ask(caller, "DELETE", "/v1/account/totp", **given)

    async def new_recovery_codes(self, caller: Caller) -> list[str]:
        return _codes(await self._ask(caller, "POST", "/v1/account/recovery-codes"))

    async def api_tokens(self, caller: Caller) -> list[Json]:
        found: list[Json] = (await self._ask(caller, "GET", "/v1/api-tokens"))["api_tokens"]
        return found

    async def make_api_token(self, caller: Caller, wanted: Mapping[str, Any]) -> Json:
        made: Json = await self._ask(caller, "POST", "/v1/api-tokens", json=dict(wanted))
        return made

    async def revoke_api_token(self, caller: Caller, token_id: str) -> None:
        await self._ask(caller, "DELETE", f"/v1/api-tokens/{quote(token_id, safe='')}")


class Administration(_Asking):
    """What administrators do. Anybody else is refused there with 403."""

    async def accounts(self, caller: Caller, asked: Mapping[str, str]) -> Json:
        found: Json = await self._ask(caller, "GET", "/v1/accounts", params=asked)
        return found

    async def account(self, caller: Caller, account_id: str) -> Json:
        found: Json = await self._ask(caller, "GET", _account(account_id))
        return found

    async def change(self, caller: Caller, account_id: str, changes: Mapping[str, Any]) -> Json:
        changed: Json = await self._ask(
            caller, "PATCH", _account(account_id), json=dict(changes)
        )
        return changed

    async def end_sessions(self, caller: Caller, account_id: str) -> None:
        await self._ask(caller, "DELETE", _account(account_id) + "/sessions")

    async def reset_link(self, caller: Caller, account_id: str) -> Json:
        made: Json = await self._ask(caller, "POST", _account(account_id) + "/reset-link")
        return made

    async def remove_totp(self, caller: Caller, account_id: str) -> None:
        await self._ask(caller, "DELETE", _account(account_id) + "/totp")

    async def invitations(self, caller: Caller) -> list[Json]:
        found = await self._ask(caller, "GET", "/v1/invitations")
        invitations: list[Json] = found["invitations"]
        return invitations

    async def invite(self, caller: Caller, role: str, email: str = "") -> Json:
        """`email` gets a letter with the link, where letters are sent."""
        wanted = {"role": role} | ({"email": email} if email else {})
        made: Json = await self._ask(caller, "POST", "/v1/invitations", json=wanted)
        return made

    async def revoke(self, caller: Caller, invitation_id: str) -> None:
        await self._ask(caller, "DELETE", f"/v1/invitations/{quote(invitation_id, safe='')}")

    async def audit(self, caller: Caller, asked: Mapping[str, str]) -> Json:
        found: Json = await self._ask(caller, "GET", "/v1/audit", params=asked)
        return found


def _identity(provider: str) -> str:
    return "/v1/account/identities/" + quote(provider, safe="")


def _proof(provider: str) -> str:
    return "/v1/sessions/current/re-authenticate/" + quote(provider, safe="")


def _codes(answer: Json) -> list[str]:
    codes: list[str] = answer["recovery_codes"]
    return codes


def _account(account_id: str) -> str:
    return "/v1/accounts/" + quote(account_id, safe="")
