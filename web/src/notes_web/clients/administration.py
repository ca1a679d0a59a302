"""users-service for administrators: accounts, invitations, the audit log."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from notes_web.clients.account import Credentials, SignedInClient
from notes_web.clients.users_types import (
    AccountsOut,
    AuditOut,
    InvitationOut,
    OpenInvitation,
    OverviewOut,
    ResetLinkOut,
)


class AdministrationClient(SignedInClient):
    """What administrators do. Anybody else is refused there with 403."""

    async def accounts(self, credentials: Credentials, asked: Mapping[str, str]) -> AccountsOut:
        return await self._ask(credentials, "GET", "/v1/accounts", params=asked)

    async def account(self, credentials: Credentials, account_id: str) -> OverviewOut:
        return await self._ask(credentials, "GET", _account(account_id))

    async def change(
        self, credentials: Credentials, account_id: str, changes: Mapping[str, Any]
    ) -> OverviewOut:
        return await self._ask(credentials, "PATCH", _account(account_id), json=dict(changes))

    async def end_sessions(self, credentials: Credentials, account_id: str) -> None:
        await self._ask(credentials, "DELETE", _account(account_id) + "/sessions")

    async def reset_link(self, credentials: Credentials, account_id: str) -> ResetLinkOut:
        return await self._ask(credentials, "POST", _account(account_id) + "/reset-link")

    async def remove_totp(self, credentials: Credentials, account_id: str) -> None:
        await self._ask(credentials, "DELETE", _account(account_id) + "/totp")

    async def invitations(self, credentials: Credentials) -> list[OpenInvitation]:
        found = await self._ask(credentials, "GET", "/v1/invitations")
        return found["invitations"]

    async def invite(
        self, credentials: Credentials, role: str, email: str = ""
    ) -> InvitationOut:
        """`email` gets a letter with the link, where letters are sent."""
        wanted = {"role": role} | ({"email": email} if email else {})
        return await self._ask(credentials, "POST", "/v1/invitations", json=wanted)

    async def revoke(self, credentials: Credentials, invitation_id: str) -> None:
        await self._ask(
            credentials, "DELETE", f"/v1/invitations/{quote(invitation_id, safe='')}"
        )

    async def audit(self, credentials: Credentials, asked: Mapping[str, str]) -> AuditOut:
        return await self._ask(credentials, "GET", "/v1/audit", params=asked)


def _account(account_id: str) -> str:
    return "/v1/accounts/" + quote(account_id, safe="")
