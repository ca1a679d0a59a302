# Made by datamodel-codegen from contracts/http/; do not edit.

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict


class AccountChange(TypedDict):
    """The fields to change: an absent one stays. A change ends the person's sessions."""

    role: NotRequired[Literal["reader", "editor", "admin"] | None]
    disabled: NotRequired[bool | None]


class AccountOut(TypedDict):
    """An account as other people see it; `name` is what to display."""

    id: str
    username: str
    name: str
    roles: list[str]


class ApiTokenOut(TypedDict):
    """An API token without its secret; `prefix` is how the secret begins."""

    id: str
    name: str
    prefix: str
    scopes: list[str]
    created_at: str
    expires_at: str | None
    last_used_at: str | None
    last_used_from: str | None


class ApiTokensOut(TypedDict):
    """One's own API tokens, the oldest first."""

    api_tokens: list[ApiTokenOut]


AuditEventType: TypeAlias = Literal["account_created", "account_changed", "account_deleted", "account_disabled", "account_enabled", "account_exported", "roles_changed", "signed_in", "signed_out", "reauthenticated", "password_checked", "password_changed", "password_reset", "reset_requested", "reset_link_created", "email_verified", "sign_in_link_created", "session_ended", "sessions_ended", "totp_added", "totp_removed", "recovery_codes_created", "passkey_added", "passkey_removed", "passkey_renamed", "identity_linked", "identity_unlinked", "api_token_created", "api_token_checked", "api_key_checked", "api_token_revoked", "invitation_created", "invitation_revoked"]


class AuthorizationRequest(TypedDict):
    """Where the provider sends the browser back to: an address of this site."""

    redirect_uri: str


class AuthorizationRequestOut(TypedDict):
    """Where to send the browser; `flow` is a secret that only this browser may keep."""

    authorization_url: str
    flow: str


class CallbackParameters(TypedDict):
    """The parameters of the provider's redirect, with the browser's `flow`."""

    flow: str
    code: str
    state: str
    iss: NotRequired[str | None]


class ChallengeProof(TypedDict):
    """The second step after authentication at a provider."""

    token: str
    code: str


class CodeLogin(TypedDict):
    """The challenge's token, and a code of the app or a recovery code."""

    token: str
    code: str


class DeviceOut(TypedDict):
    """One of one's own sessions; `device` is a description such as "Firefox on Linux"."""

    id: str
    current: bool
    device: str
    user_agent: str
    address: str | None
    created_at: str
    last_seen_at: str
    expires_at: str
    idle_expires_at: str


class DevicesOut(TypedDict):
    """One's own sessions that are alive, the last used first."""

    sessions: list[DeviceOut]


class EmailVerificationToken(TypedDict):
    """The token of a link that verifies an e-mail address."""

    token: str


class EndedOut(TypedDict):
    """How many sessions were ended."""

    ended: int


class EnrolmentOut(TypedDict):
    """
    The secret for an authenticator app as text, otpauth:// URI and QR code in SVG.

    Shown here and never again.
    """

    secret: str
    uri: str
    qr_svg: str


class IdentityOut(TypedDict):
    """An identity of the account with a provider; "local" is a username of this service."""

    provider: str
    subject: str
    created_at: str


class InvitationOut(TypedDict):
    """A new invitation; `code` is shown here and never again."""

    id: str
    code: str
    expires_at: str


class LinkLogin(TypedDict):
    """The token of a link to sign in."""

    token: str


class LinkedOut(TypedDict):
    """An external identity; `provider` is null if the provider is no longer set up."""

    provider: str | None
    issuer: str
    subject: str
    linked_at: str


class Login(TypedDict):
    """A username, in any case, and a password."""

    username: str
    password: str


class LoginOut(TypedDict):
    """A new session; `token` is its secret, shown here and never again."""

    id: str
    created_at: str
    last_seen_at: str
    expires_at: str
    idle_expires_at: str
    reauthenticated_at: str
    account: AccountOut
    token: str


class MailOut(TypedDict):
    """Whether a mail server is configured; without one, administrators pass links on."""

    is_on: bool


class MyAccountOut(TypedDict):
    """One's own account with its external identities."""

    id: str
    username: str
    name: str
    roles: list[str]
    email: str | None
    verified_email: str | None
    has_password: bool
    disabled_at: str | None
    created_at: str
    sessions: int
    last_seen_at: str | None
    identities: list[LinkedOut]


class NewAccount(TypedDict):
    """
    What a person gives to sign up.

    `invite` is needed where sign-up is by invitation, `setup_token` for the first administrator
    where one is configured.
    """

    username: str
    password: str
    name: NotRequired[str | None]
    email: NotRequired[str | None]
    invite: NotRequired[str | None]
    setup_token: NotRequired[str | None]


class NewApiToken(TypedDict):
    """Name, scopes and days of a token; with `expires_in_days` null it has no end."""

    name: str
    scopes: list[Literal["read", "write", "realtime"]]
    expires_in_days: NotRequired[int | None]


class NewApiTokenOut(TypedDict):
    """A new API token; `token` is shown here and never again."""

    id: str
    name: str
    prefix: str
    scopes: list[str]
    created_at: str
    expires_at: str | None
    last_used_at: str | None
    last_used_from: str | None
    token: str


class NewInvitation(TypedDict):
    """
    The role of the new account, and where to mail the link, if anywhere.

    `admin` is short for the role "admin".
    """

    role: NotRequired[Literal["reader", "editor", "admin"]]
    admin: NotRequired[bool]
    email: NotRequired[str | None]


class NewPasskey(TypedDict):
    """The browser's answer, as `credential.toJSON()` gives it, and a name for the passkey."""

    flow: str
    credential: dict[str, Any]
    name: NotRequired[str]


class NewPassword(TypedDict):
    """
    `old_password` may be absent only if the account has no password.

    `code` is needed if the account has a second step and this session was not authenticated in
    the last 15 minutes.
    """

    old_password: NotRequired[str | None]
    new_password: str
    code: NotRequired[str | None]


class OpenInvitation(TypedDict):
    """An invitation that can still be used; `created_by` is null for an API key."""

    id: str
    roles: list[str]
    created_at: str
    expires_at: str
    created_by: str | None


class OverviewOut(TypedDict):
    """
    An account as its owner and administrators see it.

    `email` is the address given, `verified_email` the one verified last, to which e-mails go.
    """

    id: str
    username: str
    name: str
    roles: list[str]
    email: str | None
    verified_email: str | None
    has_password: bool
    disabled_at: str | None
    created_at: str
    sessions: int
    last_seen_at: str | None


class PasskeyLogin(TypedDict):
    """The `flow` of the options, and the answer as `credential.toJSON()` gives it."""

    flow: str
    credential: dict[str, Any]


class PasskeyName(TypedDict):
    """The new name of a passkey."""

    name: str


class PasskeyOptionsOut(TypedDict):
    """
    WebAuthn options as JSON, and the `flow` to send back with the browser's answer.

    Browsers read them with `PublicKeyCredential.parseCreationOptionsFromJSON` or
    `parseRequestOptionsFromJSON`.
    """

    flow: str
    options: dict[str, Any]


class PasskeyOut(TypedDict):
    """A passkey; `is_backed_up` says that it is stored on more than one device."""

    id: str
    name: str
    is_backed_up: bool
    created_at: str
    last_used_at: str | None


class PasskeyProof(TypedDict):
    """A passkey's answer, as `credential.toJSON()` gives it."""

    flow: str
    credential: dict[str, Any]


class PasskeysOut(TypedDict):
    """One's own passkeys, the oldest first."""

    passkeys: list[PasskeyOut]


class PasswordProof(TypedDict):
    """One's own password, and a code if the account has a second step."""

    password: str
    code: NotRequired[str | None]


class PasswordResetRequest(TypedDict):
    """A username or an e-mail address."""

    account: str


class Profile(TypedDict):
    """The fields to change: an absent one stays, null clears one."""

    name: NotRequired[str | None]
    email: NotRequired[str | None]


class ProviderOut(TypedDict):
    """A provider; `reauthenticates` says whether it can authenticate a person again."""

    name: str
    title: str
    issuer: str
    reauthenticates: bool


class RecoveryCodesOut(TypedDict):
    """The recovery codes: shown here and never again, each valid once."""

    recovery_codes: list[str]


class Reset(TypedDict):
    """The token of a link, and the new password."""

    token: str
    password: str


class ResetLinkOut(TypedDict):
    """The token of a link for a new password: shown here and never again."""

    token: str
    expires_at: str


class RightPassword(TypedDict):
    """The answer to a right password."""

    check: Literal[True]
    username: str


class SecondFactor(TypedDict):
    """A challenge of ten minutes; `methods` are "totp", "recovery_code" or "passkey"."""

    token: str
    methods: list[str]
    expires_at: str


class SecondPasskeyLogin(TypedDict):
    """The challenge's token, and the answer of a passkey of the same account."""

    flow: str
    credential: dict[str, Any]
    token: str


class SessionOut(TypedDict):
    """A session; it ends at `idle_expires_at` unless it is used, and at `expires_at` anyway."""

    id: str
    created_at: str
    last_seen_at: str
    expires_at: str
    idle_expires_at: str
    reauthenticated_at: str
    account: AccountOut


class SignInAuthorizationRequest(TypedDict):
    """Where to come back to, and an invitation for a person who has no account yet."""

    redirect_uri: str
    invite: NotRequired[str | None]


class SignInLinkOut(TypedDict):
    """A link to sign in; `url` is null where USERS_PUBLIC_URL is not set."""

    token: str
    url: str | None
    expires_at: str


class SignInMethodsOut(TypedDict):
    """The ways to sign in that are enabled here."""

    passwords: bool
    passkeys: bool
    providers: list[ProviderOut]


class SignUpOut(TypedDict):
    """Who may sign up; `setup_token` says that the first administrator has to give one."""

    mode: Literal["open", "invite", "closed"]
    first_account: bool
    setup_token: bool


class TokenOut(TypedDict):
    """A signed JWT (RFC 7519) with its end, five minutes from now at most."""

    token: str
    expires_at: str
    account: AccountOut


class TokenRequest(TypedDict):
    """The service that the token is for."""

    audience: NotRequired[Literal["notes", "realtime"]]


class TotpCode(TypedDict):
    """A code of the authenticator app, or a recovery code where one will do."""

    code: str


class TwoFactorChallengeOut(TypedDict):
    """The first step was right, and the account has a second one."""

    second_factor: SecondFactor


class TwoFactorOut(TypedDict):
    """Whether an app is set up, and how many recovery codes and passkeys are left."""

    totp: bool
    recovery_codes: int
    passkeys: int


class UserObject(TypedDict):
    """An account, in the names of the original service."""

    id: str
    username: str
    provider: str | None
    familyName: str | None
    givenName: str | None
    middleName: str | None
    emails: list[Any] | None
    photos: list[Any] | None


class VerifiedEmailOut(TypedDict):
    """The address that is verified now."""

    email: str


class WrongPassword(TypedDict):
    """The answer to a wrong password, an unknown or disabled account, or a disabled sign-in."""

    check: Literal[False]
    username: str
    message: str


class AccountsOut(TypedDict):
    """A page of accounts; `next` is the cursor of the following one, null on the last."""

    accounts: list[OverviewOut]
    next: str | None


class AuditEventOut(TypedDict):
    """
    A line of the audit log.

    `result` is "ok" or the code of the refusal; `actor` is a username, "api key NAME", or null
    for a stranger.
    """

    id: int
    at: str
    event: AuditEventType
    result: str
    actor_id: str | None
    actor: str | None
    account_id: str | None
    account: str | None
    session_id: str | None
    address: str | None
    facts: dict[str, Any]


class AuditOut(TypedDict):
    """A page of the log; `next` is the cursor of the following one, null on the last."""

    events: list[AuditEventOut]
    next: int | None


class ExportOut(TypedDict):
    """All that is stored about the account, without secrets; `audit` has 1000 lines at most."""

    account: OverviewOut
    sessions: list[DeviceOut]
    identities: list[IdentityOut]
    api_tokens: list[ApiTokenOut]
    audit: list[AuditEventOut]


class InvitationsOut(TypedDict):
    """The open invitations, the oldest first."""

    invitations: list[OpenInvitation]
