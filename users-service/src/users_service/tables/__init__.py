"""The tables. Alembic's migrations create them; a test compares the two."""

from users_service.tables.accounts import (
    AccountRow,
    IdentityRow,
    InvitationRow,
    RetiredUsernameRow,
    SetupRow,
)
from users_service.tables.base import Base
from users_service.tables.credentials import (
    ApiTokenRow,
    PasskeyRow,
    PendingFlowRow,
    RecoveryCodeRow,
    ResetLinkRow,
    SessionRow,
    TotpRow,
)
from users_service.tables.records import AuditRow, EmailRow, SessionEndRow, SigningKeyRow

__all__ = [
    "AccountRow",
    "ApiTokenRow",
    "AuditRow",
    "Base",
    "EmailRow",
    "IdentityRow",
    "InvitationRow",
    "PasskeyRow",
    "PendingFlowRow",
    "RecoveryCodeRow",
    "ResetLinkRow",
    "RetiredUsernameRow",
    "SessionEndRow",
    "SessionRow",
    "SetupRow",
    "SigningKeyRow",
    "TotpRow",
]
