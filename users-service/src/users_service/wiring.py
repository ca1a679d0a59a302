"""Builds every use case that a request can reach, from settings and resources."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict

import httpx
from prometheus_client import CollectorRegistry, Counter
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service.accounts.administration import Administration
from users_service.accounts.email_verification import EmailVerification
from users_service.accounts.invitations import Invitations
from users_service.accounts.password_reset import PasswordReset
from users_service.accounts.profile import Profiles
from users_service.accounts.registration import Registration
from users_service.audit_log import AuditLog
from users_service.credentials.check import CredentialCheck
from users_service.credentials.methods import SignInMethods
from users_service.credentials.passwords import Passwords, common_passwords
from users_service.crypto.signing_keys import SigningKeys
from users_service.domain.accounts import SignUpMode
from users_service.http.authentication import ApiKeys
from users_service.jobs.mail_sender import MailSender
from users_service.jobs.revocations import RevocationWriter
from users_service.legacy.accounts import LegacyAccounts
from users_service.mail.queue import EmailQueue
from users_service.mail.rendering import EmailTemplates
from users_service.oidc.client import OidcClient
from users_service.oidc.flow import AuthorizationFlows
from users_service.oidc.linking import Identities
from users_service.oidc.sign_in import OidcSignIn
from users_service.rate_limits.limits import RateLimits
from users_service.sessions.access_tokens import AccessTokens
from users_service.sessions.api_tokens import ApiTokens
from users_service.sessions.sessions import Sessions
from users_service.settings import Settings
from users_service.sign_in.one_time_links import OneTimeLinks
from users_service.sign_in.passkeys import Passkeys
from users_service.sign_in.reauthentication import Reauthentication
from users_service.sign_in.sign_in import SignIn
from users_service.sign_in.two_factor import TwoFactor
from users_service.sign_in.webauthn import Site


class RequestState(TypedDict):
    """What `request.state` holds: every use case that routes call."""

    legacy_accounts: LegacyAccounts
    administration: Administration
    api_keys: ApiKeys
    api_tokens: ApiTokens
    audit: AuditLog
    credential_check: CredentialCheck
    flows: AuthorizationFlows
    email_verification: EmailVerification
    registration: Registration
    identities: Identities
    invitations: Invitations
    signing_keys: SigningKeys
    mail_sender: MailSender
    profiles: Profiles
    passkeys: Passkeys
    reauthentication: Reauthentication
    password_reset: PasswordReset
    revocations: RevocationWriter
    two_factor: TwoFactor
    sessions: Sessions
    sign_in: SignIn
    oidc_sign_in: OidcSignIn
    one_time_links: OneTimeLinks
    sign_in_methods: SignInMethods


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What is opened when the service starts and closed when it ends."""

    database: async_sessionmaker[AsyncSession]
    redis: Redis
    outside: httpx.AsyncClient
    """For requests to providers."""
    passwords: Passwords
    registry: CollectorRegistry
    now: Callable[[], datetime]


def wire(settings: Settings, resources: Resources) -> RequestState:
    """Build every use case from settings and resources; connects to nothing."""
    database, passwords, now = resources.database, resources.passwords, resources.now
    limits = RateLimits(
        resources.redis,
        wrong_passwords_per_address=settings.wrong_passwords_per_address,
        sign_ups_per_hour=settings.signups_per_hour,
        registry=resources.registry,
    )
    kept_for = timedelta(days=settings.audit_days)
    audit = AuditLog(database=database, kept_for=kept_for, now=now)
    site = Site.at(settings.public_url) if settings.public_url else None
    sign_in_methods = _sign_in_methods(settings, site)
    credential_check = CredentialCheck(
        database,
        passwords,
        limits,
        audit,
        sign_in_methods,
        _password_checks(resources.registry),
    )
    common = common_passwords()
    encryptor = settings.encryptor()
    email_queue = EmailQueue(encryptor=encryptor, is_on=settings.smtp_host is not None)
    email_verification = EmailVerification(
        database=database, email_queue=email_queue, limits=limits, audit=audit, now=now
    )
    password_reset = PasswordReset(
        database=database,
        passwords=passwords,
        limits=limits,
        common=common,
        email_queue=email_queue,
        audit=audit,
        now=now,
    )
    signing_keys = SigningKeys(database, encryptor, now=now)
    tokens = AccessTokens(signing_keys=signing_keys, issuer=settings.token_issuer, now=now)
    two_factor = TwoFactor(
        database=database, limits=limits, encryptor=encryptor, audit=audit, now=now
    )
    revocations = _revocations(resources)
    sessions = Sessions(database=database, tokens=tokens, now=now)
    passkeys = Passkeys(
        database=database,
        limits=limits,
        site=site,
        sign_in_methods=sign_in_methods,
        audit=audit,
        now=now,
    )
    reauthentication = Reauthentication(
        database=database,
        credential_check=credential_check,
        two_factor=two_factor,
        passkeys=passkeys,
        now=now,
    )
    flows = _flows(settings, resources, limits, audit, site)
    sign_in = SignIn(
        database=database,
        credential_check=credential_check,
        two_factor=two_factor,
        passkeys=passkeys,
        limits=limits,
        audit=audit,
        now=now,
    )
    return RequestState(
        legacy_accounts=LegacyAccounts(database=database, passwords=passwords, now=now),
        administration=Administration(
            database=database, revoke=revocations.write_at_once, now=now
        ),
        api_keys=settings.keys(),
        api_tokens=ApiTokens(
            database=database, tokens=tokens, limits=limits, audit=audit, now=now
        ),
        audit=audit,
        credential_check=credential_check,
        flows=flows,
        email_verification=email_verification,
        registration=_registration(settings, resources, limits, common, email_verification),
        identities=Identities(
            database=database,
            flows=flows,
            reauthentication=reauthentication,
            sign_in_methods=sign_in_methods,
            now=now,
        ),
        invitations=Invitations(
            database=database, email_queue=email_queue, limits=limits, now=now
        ),
        signing_keys=signing_keys,
        mail_sender=_mail_sender(settings, resources, email_queue, password_reset),
        profiles=Profiles(
            database=database,
            credential_check=credential_check,
            two_factor=two_factor,
            passwords=passwords,
            common=common,
            email_verification=email_verification,
            now=now,
        ),
        passkeys=passkeys,
        reauthentication=reauthentication,
        password_reset=password_reset,
        revocations=revocations,
        two_factor=two_factor,
        sessions=sessions,
        sign_in=sign_in,
        oidc_sign_in=OidcSignIn(
            database=database,
            flows=flows,
            sign_in=sign_in,
            sign_in_methods=sign_in_methods,
            limits=limits,
            mode=SignUpMode(settings.signup),
            now=now,
        ),
        one_time_links=OneTimeLinks(
            database=database, sign_in=sign_in, site=site, limits=limits, audit=audit, now=now
        ),
        sign_in_methods=sign_in_methods,
    )


def _revocations(resources: Resources) -> RevocationWriter:
    delivered = Counter(
        "users_revocations",
        "Ends of sessions and of accounts' tokens written to Redis, by result",
        ["result"],
        registry=resources.registry,
    )
    return RevocationWriter(
        database=resources.database,
        redis=resources.redis,
        delivered=delivered,
        now=resources.now,
    )


def _sign_in_methods(settings: Settings, site: Site | None) -> SignInMethods:
    providers = settings.all_providers().values()
    return SignInMethods(
        passwords=settings.password_login == "on",  # noqa: S105 - a switch
        passkeys=site is not None,
        issuers={provider.issuer for provider in providers},
        reauthenticating_issuers={
            provider.issuer for provider in providers if provider.can_reauthenticate
        },
    )


def _flows(
    settings: Settings,
    resources: Resources,
    limits: RateLimits,
    audit: AuditLog,
    site: Site | None,
) -> AuthorizationFlows:
    return AuthorizationFlows(
        database=resources.database,
        oidc_client=OidcClient(resources.outside, resources.now),
        providers=settings.all_providers(),
        site=site,
        limits=limits,
        audit=audit,
        now=resources.now,
    )


def _mail_sender(
    settings: Settings,
    resources: Resources,
    email_queue: EmailQueue,
    password_reset: PasswordReset,
) -> MailSender:
    sent = Counter(
        "users_emails",
        "E-mails taken from the queue, by kind and result",
        ["kind", "result"],
        registry=resources.registry,
    )
    return MailSender(
        database=resources.database,
        email_queue=email_queue,
        password_reset=password_reset,
        smtp=settings.smtp(),
        templates=EmailTemplates(site=Site.at(settings.public_url or "").origin),
        sent=sent,
        now=resources.now,
    )


def _registration(
    settings: Settings,
    resources: Resources,
    limits: RateLimits,
    common: frozenset[str],
    email_verification: EmailVerification,
) -> Registration:
    setup_token = settings.setup_token
    return Registration(
        database=resources.database,
        passwords=resources.passwords,
        limits=limits,
        common=common,
        mode=SignUpMode(settings.signup),
        setup_token=setup_token.get_secret_value().strip() if setup_token else None,
        email_verification=email_verification,
        now=resources.now,
    )


def _password_checks(registry: CollectorRegistry) -> Counter:
    return Counter(
        "users_password_checks", "Passwords checked, by result", ["result"], registry=registry
    )
