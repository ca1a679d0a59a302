"""A new password for who has a one-time link."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from users_service.documents import problems
from users_service.resets import Resets
from users_service.v1.dependencies import Body, From, Text, with_passwords

router = APIRouter(dependencies=[Depends(with_passwords)])


class Reset(Body):
    token: Text
    password: Text


async def _resets(request: Request) -> Resets:
    resets: Resets = request.state.resets
    return resets


TheResets = Annotated[Resets, Depends(_resets)]


@router.post("/password-resets", status_code=204, responses=problems(403, 429))
async def reset_password(wanted: Reset, origin: From, resets: TheResets) -> None:
    await resets.redeem(wanted.token, wanted.password, origin)
