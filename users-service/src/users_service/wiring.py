"""Everything that a request can reach, put together from the settings."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict

import httpx
from prometheus_client import CollectorRegistry, Counter
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from users_service.accounts.administration import Administration
from users_service.accounts.email_verification import EmailAddresses
from users_service.accounts.invitations import Invitations
from users_service.accounts.password_reset import Resets
from users_service.accounts.profile import OwnAccount
from users_service.accounts.registration import Entrance
from users_service.audit_log import AuditLog
from users_service.credentials.check import Credentials
from users_service.credentials.methods import WaysIn
from users_service.credentials.passwords import Passwords, common_passwords
from users_service.crypto.signing_keys import Keys
from users_service.domain.accounts import SignUpMode
from users_service.http.authentication import ApiKeys
from users_service.jobs.mail_sender import Mailing
from users_service.jobs.revocations import Revocations
from users_service.legacy.accounts import Accounts
from users_service.mail.queue import Outbox
from users_service.oidc.client import Elsewhere
from users_service.oidc.flow import Departures
from users_service.oidc.linking import Identities
from users_service.oidc.sign_in import SignInElsewhere
from users_service.rate_limits.limits import Limits
from users_service.sessions.access_tokens import AccessTokens
from users_service.sessions.api_tokens import ApiTokens
from users_service.sessions.sessions import Sessions
from users_service.settings import Settings
from users_service.sign_in.one_time_links import SignInLinks
from users_service.sign_in.passkeys import Passkeys
from users_service.sign_in.reauthentication import Proofs
from users_service.sign_in.sign_in import SignIn
from users_service.sign_in.two_factor import SecondFactors
from users_service.sign_in.webauthn import Site


class State(TypedDict):
    """`request.state`."""

    accounts: Accounts
    administration: Administration
    api_keys: ApiKeys
    api_tokens: ApiTokens
    audit: AuditLog
    credentials: Credentials
    departures: Departures
    email_addresses: EmailAddresses
    entrance: Entrance
    identities: Identities
    invitations: Invitations
    keys: Keys
    mailing: Mailing
    own_account: OwnAccount
    passkeys: Passkeys
    proofs: Proofs
    resets: Resets
    revocations: Revocations
    second_factors: SecondFactors
    sessions: Sessions
    sign_in: SignIn
    sign_in_elsewhere: SignInElsewhere
    sign_in_links: SignInLinks
    ways_in: WaysIn


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What is opened when the service starts and closed when it ends."""

    database: async_sessionmaker[AsyncSession]
    redis: Redis
    outside: httpx.AsyncClient
    """For requests to providers."""
    passwords: Passwords
    registry: CollectorRegistry
    now: Callable[[], datetime]


def build(settings: Settings, tools: Tools) -> State:
    database, passwords, now = tools.database, tools.passwords, tools.now
    limits = Limits(
        tools.redis,
        wrong_passwords_per_address=settings.wrong_passwords_per_address,
        sign_ups_per_hour=settings.signups_per_hour,
        registry=tools.registry,
    )
    kept_for = timedelta(days=settings.audit_days)
    audit = AuditLog(database=database, kept_for=kept_for, now=now)
    site = Site.at(settings.public_url) if settings.public_url else None
    ways_in = _ways_in(settings, site)
    credentials = Credentials(
        database, passwords, limits, audit, ways_in, _checks(tools.registry)
    )
    common = common_passwords()
    seal = settings.seal()
    outbox = Outbox(seal=seal, is_on=settings.smtp_host is not None)
    email_addresses = EmailAddresses(
        database=database, outbox=outbox, limits=limits, audit=audit, now=now
    )
    resets = Resets(
        database=database,
        passwords=passwords,
        limits=limits,
        common=common,
        outbox=outbox,
        audit=audit,
        now=now,
    )
    keys = Keys(database, seal, now=now)
    tokens = AccessTokens(keys=keys, issuer=settings.token_issuer, now=now)
    second_factors = SecondFactors(
        database=database, limits=limits, seal=seal, audit=audit, now=now
    )
    revocations = _revocations(tools)
    sessions = Sessions(database=database, tokens=tokens, now=now)
    passkeys = Passkeys(
        database=database, limits=limits, site=site, ways_in=ways_in, audit=audit, now=now
    )
    proofs = Proofs(
        database=database,
        credentials=credentials,
        second_factors=second_factors,
        passkeys=passkeys,
        now=now,
    )
    departures = _departures(settings, tools, limits, audit, site)
    sign_in = SignIn(
        database=database,
        credentials=credentials,
        second_factors=second_factors,
        passkeys=passkeys,
        limits=limits,
        audit=audit,
        now=now,
    )
    return State(
        accounts=Accounts(database=database, passwords=passwords, now=now),
        administration=Administration(
            database=database, revoke=revocations.write_at_once, now=now
        ),
        api_keys=settings.keys(),
        api_tokens=ApiTokens(
            database=database, tokens=tokens, limits=limits, audit=audit, now=now
        ),
        audit=audit,
        credentials=credentials,
        departures=departures,
        email_addresses=email_addresses,
        entrance=_entrance(settings, tools, limits, common, email_addresses),
        identities=Identities(
            database=database,
            departures=departures,
            proofs=proofs,
            ways_in=ways_in,
            now=now,
        ),
        invitations=Invitations(database=database, outbox=outbox, limits=limits, now=now),
        keys=keys,
        mailing=_mailing(settings, tools, outbox, resets),
        own_account=OwnAccount(
            database=database,
            credentials=credentials,
            second_factors=second_factors,
            passwords=passwords,
            common=common,
            email_addresses=email_addresses,
            now=now,
        ),
        passkeys=passkeys,
        proofs=proofs,
        resets=resets,
        revocations=revocations,
        second_factors=second_factors,
        sessions=sessions,
        sign_in=sign_in,
        sign_in_elsewhere=SignInElsewhere(
            database=database,
            departures=departures,
            sign_in=sign_in,
            ways_in=ways_in,
            limits=limits,
            mode=SignUpMode(settings.signup),
            now=now,
        ),
        sign_in_links=SignInLinks(
            database=database, sign_in=sign_in, site=site, limits=limits, audit=audit, now=now
        ),
        ways_in=ways_in,
    )


def _revocations(tools: Tools) -> Revocations:
    told = Counter(
        "users_revocations",
        "Ends of sessions and of accounts' tokens written to Redis, by result",
        ["result"],
        registry=tools.registry,
    )
    return Revocations(database=tools.database, redis=tools.redis, told=told, now=tools.now)


def _ways_in(settings: Settings, site: Site | None) -> WaysIn:
    providers = settings.all_providers().values()
    return WaysIn(
        passwords=settings.password_login == "on",  # noqa: S105 - a switch
        passkeys=site is not None,
        issuers={provider.issuer for provider in providers},
        provers={provider.issuer for provider in providers if provider.proves},
    )


def _departures(
    settings: Settings, tools: Tools, limits: Limits, audit: AuditLog, site: Site | None
) -> Departures:
    return Departures(
        database=tools.database,
        elsewhere=Elsewhere(tools.outside, tools.now),
        providers=settings.all_providers(),
        site=site,
        limits=limits,
        audit=audit,
        now=tools.now,
    )


def _mailing(settings: Settings, tools: Tools, outbox: Outbox, resets: Resets) -> Mailing:
    sent = Counter(
        "users_letters",
        "Letters taken up to be sent, by kind and result",
        ["kind", "result"],
        registry=tools.registry,
    )
    return Mailing(
        database=tools.database,
        outbox=outbox,
        resets=resets,
        smtp=settings.smtp(),
        site=Site.at(settings.public_url or "").origin,
        sent=sent,
        now=tools.now,
    )


def _entrance(
    settings: Settings,
    tools: Tools,
    limits: Limits,
    common: frozenset[str],
    email_addresses: EmailAddresses,
) -> Entrance:
    setup_token = settings.setup_token
    return Entrance(
        database=tools.database,
        passwords=tools.passwords,
        limits=limits,
        common=common,
        mode=SignUpMode(settings.signup),
        setup_token=setup_token.get_secret_value().strip() if setup_token else None,
        email_addresses=email_addresses,
        now=tools.now,
    )


def _checks(registry: CollectorRegistry) -> Counter:
    return Counter(
        "users_password_checks", "Passwords checked, by result", ["result"], registry=registry
    )
