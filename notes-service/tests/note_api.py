"""The service's interface as tests use it: requests by named people."""

from typing import Any

import httpx
from note_tokens import Issuer


class Api:
    def __init__(self, client: httpx.AsyncClient, issuer: Issuer) -> None:
        self.client = client
        self.issuer = issuer

    async def send(
        self,
        method: str,
        path: str,
        *,
        by: str | None = "ana",
        roles: tuple[str, ...] = (),
        version: int | None = None,
        **options: Any,
    ) -> httpx.Response:
        headers = options.pop("headers", {})
        if by is not None:
            headers |= self.issuer.bearer(by, *roles)
        if version is not None:
            headers |= {"If-Match": f'"{version}"'}
        return await self.client.request(method, f"/v1{path}", headers=headers, **options)

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.send("GET", path, **{"by": None} | options)

    async def create(self, key: str | None = "menu", **changes: Any) -> httpx.Response:
        options = {name: changes.pop(name) for name in ("by", "headers") if name in changes}
        note = {"key": key, "title": "Menu", "body": "Soup"} | changes
        return await self.send("POST", "/notes", json=note, **options)

    async def edit(
        self,
        key: str,
        version: int | None,
        title: str = "Menu",
        body: str = "Soup",
        **options: Any,
    ) -> httpx.Response:
        note = {"title": title, "body": body}
        return await self.send("PUT", f"/notes/{key}", version=version, json=note, **options)

    async def delete(self, key: str, version: int | None, **options: Any) -> httpx.Response:
        return await self.send("DELETE", f"/notes/{key}", version=version, **options)

    async def restore(self, key: str, **options: Any) -> httpx.Response:
        return await self.send("POST", f"/notes/{key}/restore", **options)

    async def comment(self, key: str, text: str = "Cake?", **options: Any) -> httpx.Response:
        return await self.send("POST", f"/notes/{key}/comments", json={"text": text}, **options)

    async def comments(self, key: str, **params: Any) -> Any:
        return (await self.get(f"/notes/{key}/comments", params=params)).json()


def refusal(response: httpx.Response) -> tuple[int, str]:
    """Status and code of a problem; it must be one."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    problem = response.json()
    assert problem["status"] == response.status_code
    return response.status_code, problem["code"]
