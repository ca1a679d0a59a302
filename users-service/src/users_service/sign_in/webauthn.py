"""The site that passkeys are for: options for browsers, and checks of their answers.

The library checks challenge, origin, site, signature, counter and that the person was verified;
this turns its many errors into one. Pure. Source: WebAuthn Level 3.
"""

import json
from dataclasses import dataclass
from typing import Any, Final, Self
from urllib.parse import urlsplit

import webauthn
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from users_service.domain.accounts import Account
from users_service.domain.two_factor import Passkey, PasskeyRefused

NAME: Final = "Notes"
_MILLISECONDS: Final = 300_000
# What the library lets through of a malformed answer, beside its own errors.
_REFUSALS: Final = (WebAuthnException, ValueError, TypeError, LookupError, EOFError)

Credential = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Site:
    """The relying party: the host passkeys are bound to, and the origin that may use them."""

    rp_id: str
    origin: str

    @classmethod
    def at(cls, public_url: str) -> Self:
        """Return the site of a URL; its port and scheme are part of the origin alone."""
        url = urlsplit(public_url)
        return cls(url.hostname or "", f"{url.scheme}://{url.netloc}".lower())

    def creation_options(
        self, account: Account, challenge: bytes, present: list[Passkey]
    ) -> dict[str, Any]:
        """Return options for `navigator.credentials.create` as JSON (WebAuthn L3, 5.4)."""
        options = webauthn.generate_registration_options(
            rp_id=self.rp_id,
            rp_name=NAME,
            user_id=account.id.bytes,
            user_name=account.username,
            user_display_name=account.display_name,
            challenge=challenge,
            timeout=_MILLISECONDS,
            authenticator_selection=AuthenticatorSelectionCriteria(
                # Usable without a username, and never without its person.
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[
                PublicKeyCredentialDescriptor(id=passkey.credential_id) for passkey in present
            ],
        )
        return dict(json.loads(webauthn.options_to_json(options)))

    def request_options(self, challenge: bytes) -> dict[str, Any]:
        """Return options for `navigator.credentials.get` as JSON, for any passkey here."""
        options = webauthn.generate_authentication_options(
            rp_id=self.rp_id,
            challenge=challenge,
            timeout=_MILLISECONDS,
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return dict(json.loads(webauthn.options_to_json(options)))

    def verify_registration(
        self, credential: Credential, challenge: bytes
    ) -> VerifiedRegistration:
        """Check a new credential (WebAuthn Level 3, 7.1); raise PasskeyRefused.

        Its person must have been verified; attestation is not asked for.
        """
        try:
            return webauthn.verify_registration_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self.rp_id,
                expected_origin=self.origin,
                require_user_verification=True,
            )
        except _REFUSALS as error:
            raise PasskeyRefused from error

    def verify_authentication(
        self, credential: Credential, challenge: bytes, passkey: Passkey
    ) -> VerifiedAuthentication:
        """Check an answer of a passkey (WebAuthn Level 3, 7.2); raise PasskeyRefused.

        Its person must have been verified, and the user handle must be the account's id.
        """
        try:
            verified = webauthn.verify_authentication_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self.rp_id,
                expected_origin=self.origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=passkey.sign_count,
                require_user_verification=True,
            )
            # A passkey found without a username has to say whose it is.
            handle = base64url_to_bytes(credential["response"]["userHandle"])
        except _REFUSALS as error:
            raise PasskeyRefused from error
        if handle != passkey.account_id.bytes:
            raise PasskeyRefused
        return verified


def credential_id(credential: Credential) -> bytes:
    """Return the id of an answer, which is not verified yet; raise PasskeyRefused."""
    try:
        return base64url_to_bytes(credential["rawId"])
    except _REFUSALS as error:
        raise PasskeyRefused from error
