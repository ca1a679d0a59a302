"""Whether e-mails are sent here, and the verification of one's own address."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel
from service_kit.asgi import from_state

from users_service.accounts.email_verification import EmailVerification
from users_service.http.openapi import problems
from users_service.http.v1.dependencies import Body, From, SignedIn, Text

router = APIRouter()


class MailOut(BaseModel):
    """Whether a mail server is configured; without one, administrators pass links on."""

    is_on: bool
    """False if no mail server is configured: administrators pass links on."""


class EmailVerificationToken(Body):
    """The token of a link that verifies an e-mail address."""

    token: Text


class VerifiedEmailOut(BaseModel):
    """The address that is verified now."""

    email: str


TheEmailVerification = Annotated[EmailVerification, Depends(from_state("email_verification"))]


@router.get("/mail")
async def mail(email_verification: TheEmailVerification) -> MailOut:
    """Return whether e-mails are sent here."""
    return MailOut(is_on=email_verification.email_queue.is_on)


@router.post(
    "/account/email-verification-requests", status_code=202, responses=problems(401, 409, 429)
)
async def request_email_verification(
    signed_in: SignedIn, email_verification: TheEmailVerification
) -> None:
    """Send another link to one's own unverified address.

    409 if there is no such address, or if e-mails are not sent here.
    """
    await email_verification.ask_again(signed_in.account)


@router.post("/email-verifications", responses=problems(403, 429))
async def verify_email(
    proof: EmailVerificationToken, client: From, email_verification: TheEmailVerification
) -> VerifiedEmailOut:
    """Verify an e-mail address; its reader need not be signed in."""
    return VerifiedEmailOut(email=await email_verification.verify(proof.token, client))
