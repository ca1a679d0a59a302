"""Whether e-mails are sent here, and the verification of one's own address."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from users_service.accounts.email_verification import EmailVerification
from users_service.http.openapi import problems
from users_service.http.v1.dependencies import Body, From, SignedIn, Text

router = APIRouter()


class MailOut(BaseModel):
    is_on: bool
    """False: no mail server is set up, so administrators hand links on."""


class Proof(Body):
    token: Text


class ProvenOut(BaseModel):
    email: str


async def _email_verification(request: Request) -> EmailVerification:
    email_verification: EmailVerification = request.state.email_verification
    return email_verification


TheEmailVerification = Annotated[EmailVerification, Depends(_email_verification)]


@router.get("/mail")
async def mail(email_verification: TheEmailVerification) -> MailOut:
    return MailOut(is_on=email_verification.email_queue.is_on)


@router.post("/account/email/letters", status_code=202, responses=problems(401, 409, 429))
async def ask_again(signed_in: SignedIn, email_verification: TheEmailVerification) -> None:
    """Another letter to one's own address that is not proven yet."""
    await email_verification.ask_again(signed_in.account)


@router.post("/email-proofs", responses=problems(403, 429))
async def prove(
    proof: Proof, client: From, email_verification: TheEmailVerification
) -> ProvenOut:
    return ProvenOut(email=await email_verification.verify(proof.token, client))
