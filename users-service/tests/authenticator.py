"""An authenticator in software: makes passkeys and answers challenges as a browser would.

After WebAuthn Level 3, "none" attestation, ES256. Its person is verified unless told otherwise.
"""

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import bytes_to_base64url

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Authenticator:
    origin: str = "https://notes.example"
    rp_id: str = "notes.example"
    verifies: bool = True
    counter: int = 1
    user_handle: str = ""
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """The answer to `navigator.credentials.create`."""
        self.user_handle = options["user"]["id"]
        length = len(self.credential_id).to_bytes(2, "big")
        attested = b"\0" * 16 + length + self.credential_id + self._public_key()
        data = self._data(ATTESTED) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options["challenge"])
        response = {"attestationObject": attestation, "clientDataJSON": client}
        return self._credential(response, transports=["internal", "nonsense"])

    def get(self, options: dict[str, Any]) -> dict[str, Any]:
        """The answer to `navigator.credentials.get`."""
        self.counter += 1
        data = self._data(0)
        client = self._client("webauthn.get", options["challenge"])
        signed = data + hashlib.sha256(client).digest()
        signature = self.key.sign(signed, ec.ECDSA(SHA256()))
        response = {"authenticatorData": data, "clientDataJSON": client, "signature": signature}
        return self._credential(response, userHandle=self.user_handle)

    def _credential(self, response: dict[str, bytes], **others: Any) -> dict[str, Any]:
        name = bytes_to_base64url(self.credential_id)
        said = {part: bytes_to_base64url(value) for part, value in response.items()}
        return {
            "id": name, "rawId": name, "type": "public-key", "response": {**said, **others},
            "clientExtensionResults": {}, "authenticatorAttachment": "platform",
        }  # fmt: skip

    def _client(self, ceremony: str, challenge: str) -> bytes:
        said = {"type": ceremony, "challenge": challenge, "origin": self.origin}
        return json.dumps({**said, "crossOrigin": False}).encode()

    def _data(self, flags: int) -> bytes:
        flags |= PRESENT | (VERIFIED if self.verifies else 0)
        site = hashlib.sha256(self.rp_id.encode()).digest()
        return site + bytes([flags]) + self.counter.to_bytes(4, "big")

    def _public_key(self) -> bytes:
        point = self.key.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (point.x, point.y))
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
