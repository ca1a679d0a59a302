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
        """Returns a page of accounts: `asked` has q, role, disabled, username, cursor."""
        return await self._ask(credentials, "GET", "/v1/accounts", params=asked)

    async def account(self, credentials: Credentials, account_id: str) -> OverviewOut:
        """Returns one account."""
        return await self._ask(credentials, "GET", _account(account_id))

    async def change(
        self, credentials: Credentials, account_id: str, changes: Mapping[str, Any]
    ) -> OverviewOut:
        """Changes role or disabled; ends the sessions of the account."""
        return await self._ask(credentials, "PATCH", _account(account_id), json=dict(changes))

    async def end_sessions(self, credentials: Credentials, account_id: str) -> None:
        """Ends all sessions of an account."""
        await self._ask(credentials, "DELETE", _account(account_id) + "/sessions")

    async def reset_link(self, credentials: Credentials, account_id: str) -> ResetLinkOut:
        """Makes a one-time code that sets a new password."""
        return await self._ask(credentials, "POST", _account(account_id) + "/reset-link")

    async def remove_totp(self, credentials: Credentials, account_id: str) -> None:
        """Turns off two-step sign-in for somebody who lost app and codes."""
        await self._ask(credentials, "DELETE", _account(account_id) + "/totp")

    async def invitations(self, credentials: Credentials) -> list[OpenInvitation]:
        """Returns the invitations that nobody has used yet."""
        found = await self._ask(credentials, "GET", "/v1/invitations")
        return found["invitations"]

    async def invite(
        self, credentials: Credentials, role: str, email: str = ""
    ) -> InvitationOut:
        """Makes an invitation; `email` gets the link, if this site sends e-mails."""
        wanted = {"role": role} | ({"email": email} if email else {})
        return await self._ask(credentials, "POST", "/v1/invitations", json=wanted)

    async def revoke(self, credentials: Credentials, invitation_id: str) -> None:
        """Revokes an invitation; `Refused` with 404 if it was used or is gone."""
        await self._ask(
            credentials, "DELETE", f"/v1/invitations/{quote(invitation_id, safe='')}"
        )

    async def audit(self, credentials: Credentials, asked: Mapping[str, str]) -> AuditOut:
        """Returns a page of the audit log: `asked` has event, account_id or cursor."""
        return await self._ask(credentials, "GET", "/v1/audit", params=asked)


def _account(account_id: str) -> str:
    return "/v1/accounts/" + quote(account_id, safe="")
