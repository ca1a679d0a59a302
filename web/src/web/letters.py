"""users-service where letters are concerned: whether any are sent, and what they bring back.

What is raised is `web.service`'s: `Refused` or `Unreachable`.
"""

import base64

from web.backends import Client
from web.service import BackendError, Service


class Letters:
    """For whoever is at the browser, signed in or not."""

    def __init__(self, service: Service, *, api_key: str) -> None:
        self._call = service.call
        self._key = "Basic " + base64.b64encode(api_key.encode()).decode()

    async def are_sent(self) -> bool:
        """Also False while nobody can say."""
        try:
            return bool((await self._call("GET", "/v1/mail"))["is_on"])
        except BackendError:
            return False

    async def ask_for_reset(self, client: Client, account: str) -> None:
        await self._send(client, "/v1/password-resets/letters", {"account": account})

    async def prove(self, client: Client, token: str) -> str:
        """The address that is proven now."""
        email: str = (await self._send(client, "/v1/email-proofs", {"token": token}))["email"]
        return email

    async def _send(self, client: Client, path: str, said: dict[str, str]) -> dict[str, str]:
        headers = {
            "Authorization": self._key,
            "X-Forwarded-For": client.address,
            "X-Forwarded-User-Agent": client.user_agent[:256],
        }
        answer: dict[str, str] | None = await self._call(
            "POST", path, json=said, headers=headers
        )
        return answer or {}
