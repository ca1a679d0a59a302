"""The OpenID Connect client, which believes a provider only if every check passes.

Authorization code flow with PKCE (S256), state, nonce and `iss` (OpenID Connect Core 3.1, RFC
7636, RFC 9207, RFC 9700). Requests go to operators' providers alone: by TLS, without redirects,
with a time limit and a limit on what is read.
"""

import base64
import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote_plus

import httpx
import jwt
from service_kit.tokens import usable_keys

from users_service.domain.oidc_errors import ProviderAway, SignInRefused
from users_service.domain.principals import ExternalIdentity
from users_service.oidc.checks import (
    AuthorizationRequest,
    AuthorizationResponse,
    authenticated_at,
    check_addressed,
    check_audience,
    check_metadata,
    check_return,
    decoded,
    fitting_key,
    github_metadata,
    is_same,
    objects,
    subject_of,
    text_of,
    with_query,
)
from users_service.oidc.providers import Provider, Providers, is_safe
from users_service.oidc.transport import fetch, fetch_object, json_object

log = logging.getLogger(__name__)

SECONDS: Final = 5.0
_ANY_AGE: Final = str(365 * 24 * 3600)
"""As `max_age`, which makes a provider say when the person signed in there (Core 2)."""
_KNOWN_FOR: Final = timedelta(minutes=10)
_ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA")
"""Public keys only: never "none", never a shared secret."""


@dataclass(slots=True)
class _KnownProvider:
    metadata: dict[str, Any]
    keys: list[jwt.PyJWK]
    until: datetime


@dataclass(frozen=True, slots=True)
class OidcClient:
    """Talks to providers; it keeps metadata for ten minutes, and keys until one is unknown."""

    client: httpx.AsyncClient
    now: Callable[[], datetime]
    _known: dict[str, _KnownProvider] = field(default_factory=dict)

    async def authorization_url(self, provider: Provider, request: AuthorizationRequest) -> str:
        """Return where to send the browser; raise ProviderAway or SignInRefused.

        With `state`, `nonce` and an S256 challenge (RFC 7636); `since` asks for a new
        authentication.
        """
        metadata = (await self._metadata(provider)).metadata
        challenge = hashlib.sha256(request.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": provider.client_id,
            "redirect_uri": request.redirect_uri,
            "state": request.state,
            "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        if provider.kind == "oidc":
            asked |= {"scope": provider.scope, "nonce": request.nonce}
        if request.since is not None:
            asked |= {"max_age": "0", "prompt": "login"}
        elif provider.can_reauthenticate:
            asked["max_age"] = _ANY_AGE
        return with_query(metadata["authorization_endpoint"], asked)

    async def check_providers(self, providers: Providers) -> None:
        """Log a warning for each provider that cannot be used now."""
        for provider in providers.values():
            try:
                await self._metadata(provider)
            except (ProviderAway, SignInRefused) as error:
                why = error.check if isinstance(error, SignInRefused) else "it does not answer"
                log.warning("nobody can sign in at %s now: %s", provider.name, why)

    async def identify(
        self, provider: Provider, request: AuthorizationRequest, response: AuthorizationResponse
    ) -> ExternalIdentity:
        """Exchange the code and return who came back.

        Raises SignInRefused if a check fails, ProviderAway if the provider does not answer.
        """
        known = await self._metadata(provider)
        check_return(provider, known.metadata, request, response)
        tokens = await self._tokens(provider, known.metadata, request, response.code)
        if provider.kind == "github":
            return await self._github_user(provider, known.metadata, tokens)
        claims = await self._claims(provider, known, tokens.get("id_token"))
        if not is_same(claims.get("nonce"), request.nonce):
            raise SignInRefused("nonce")
        profile = await self._profile(provider, known, tokens)
        if profile and profile.get("sub") != claims["sub"]:
            raise SignInRefused("userinfo is somebody else's")
        said = {**profile, **claims}
        return ExternalIdentity(
            issuer=provider.issuer,
            subject=subject_of(claims["sub"]),
            username=text_of(said.get("preferred_username")),
            name=text_of(said.get("name")),
            authenticated_at=authenticated_at(request, claims, self.now()),
        )

    async def _metadata(self, provider: Provider) -> _KnownProvider:
        known = self._known.get(provider.name)
        if known is not None and self.now() < known.until:
            return known
        metadata = github_metadata(provider) if provider.kind == "github" else None
        if metadata is None:
            where = provider.issuer.rstrip("/") + "/.well-known/openid-configuration"
            metadata = await fetch_object(self.client, "GET", where)
            check_metadata(provider, metadata)
        known = _KnownProvider(metadata, [], self.now() + _KNOWN_FOR)
        self._known[provider.name] = known
        return known

    async def _tokens(
        self,
        provider: Provider,
        metadata: dict[str, Any],
        request: AuthorizationRequest,
        code: str,
    ) -> dict[str, Any]:
        sent = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": request.redirect_uri,
            "code_verifier": request.verifier,
            "client_id": provider.client_id,
        }
        secret = provider.client_secret.get_secret_value()
        by_post = "client_secret_basic" not in metadata.get(
            "token_endpoint_auth_methods_supported", ["client_secret_basic"]
        )
        if by_post:
            sent["client_secret"] = secret
            return await fetch_object(
                self.client, "POST", metadata["token_endpoint"], data=sent
            )
        # Each of them form-encoded, so that any characters may be in them: RFC 6749 2.3.1.
        auth = (quote_plus(provider.client_id), quote_plus(secret))
        return await fetch_object(
            self.client, "POST", metadata["token_endpoint"], data=sent, auth=auth
        )

    async def _claims(
        self, provider: Provider, known: _KnownProvider, token: object
    ) -> dict[str, Any]:
        if not isinstance(token, str):
            raise SignInRefused("no ID token")
        claims = await self._verified(
            known,
            token,
            audience=provider.client_id,
            issuer=provider.issuer,
            options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )
        check_audience(provider, claims)
        return claims

    async def _verified(
        self, known: _KnownProvider, token: str, **asked: Any
    ) -> dict[str, Any]:
        """Return the claims of a JWT that the issuer signed; raise SignInRefused."""
        try:
            header = jwt.get_unverified_header(token)
            key = await self._key(known, header)
            try:
                return decoded(token, key, header["alg"], **asked)
            except jwt.InvalidSignatureError:
                if key.key_id is not None:
                    raise
                # It has no name that a new one would not have.
                known.keys = []
                key = await self._key(known, header)
                return decoded(token, key, header["alg"], **asked)
        except jwt.PyJWTError as error:
            raise SignInRefused(type(error).__name__) from error

    async def _key(self, known: _KnownProvider, header: dict[str, Any]) -> jwt.PyJWK:
        """Return the key; an unknown one is looked for once more, because keys rotate."""
        if header.get("alg") not in _ALGORITHMS:
            raise SignInRefused("alg")
        key = fitting_key(known.keys, header)
        if key is None:
            listed = await fetch_object(self.client, "GET", known.metadata["jwks_uri"])
            known.keys = usable_keys(objects(listed.get("keys")))
            key = fitting_key(known.keys, header)
        if key is None:
            raise SignInRefused("unknown key")
        return key

    async def _profile(
        self, provider: Provider, known: _KnownProvider, tokens: dict[str, Any]
    ) -> dict[str, Any]:
        """Return userinfo, sent as JSON or signed (Core 5.3.2); {} if there is none of use.

        Who the person is stands in the ID token.
        """
        where, shown = known.metadata.get("userinfo_endpoint"), tokens.get("access_token")
        if not is_safe(where) or not isinstance(shown, str):
            return {}
        headers = {
            "Accept": "application/json, application/jwt;q=0.9",
            "Authorization": f"Bearer {shown}",
        }
        try:
            body = await fetch(self.client, "GET", str(where), headers=headers)
            if body.count(b".") == 2 and not body.lstrip().startswith(b"{"):
                token = body.decode("ascii", "replace").strip()
                said = await self._verified(known, token, options={"verify_aud": False})
                check_addressed(provider, said)
                return said
            return json_object(body)
        except SignInRefused as refusal:
            log.info("%s tells no userinfo: %s", provider.name, refusal.check)
            return {}

    async def _github_user(
        self, provider: Provider, metadata: dict[str, Any], tokens: dict[str, Any]
    ) -> ExternalIdentity:
        """Ask GitHub's API whose access token this is: it is no OpenID provider."""
        if not isinstance(tokens.get("access_token"), str):
            raise SignInRefused("no user")
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        user = await fetch_object(
            self.client, "GET", metadata["userinfo_endpoint"], headers=headers
        )
        if type(user.get("id")) is not int:
            raise SignInRefused("no user")
        return ExternalIdentity(
            issuer=provider.issuer,
            subject=str(user["id"]),
            username=text_of(user.get("login")),
            name=text_of(user.get("name")),
        )
