"""Letters: whether any are sent here, and the proof that one's address is one's own."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from users_service.accounts.email_verification import EmailAddresses
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


async def _email_addresses(request: Request) -> EmailAddresses:
    email_addresses: EmailAddresses = request.state.email_addresses
    return email_addresses


Addresses = Annotated[EmailAddresses, Depends(_email_addresses)]


@router.get("/mail")
async def mail(addresses: Addresses) -> MailOut:
    return MailOut(is_on=addresses.outbox.is_on)


@router.post("/account/email/letters", status_code=202, responses=problems(401, 409, 429))
async def ask_again(caller: SignedIn, addresses: Addresses) -> None:
    """Another letter to one's own address that is not proven yet."""
    await addresses.ask_again(caller.account)


@router.post("/email-proofs", responses=problems(403, 429))
async def prove(proof: Proof, origin: From, addresses: Addresses) -> ProvenOut:
    return ProvenOut(email=await addresses.prove(proof.token, origin))
