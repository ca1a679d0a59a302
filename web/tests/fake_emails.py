"""Letters of users-service, in memory: off until a test says that a mail server is there."""

from fake_backends import Handler, problem
from fake_people import FakePeople
from starlette.requests import Request
from starlette.responses import JSONResponse, Response


class FakeLetters(FakePeople):
    def __init__(self) -> None:
        super().__init__()
        self.are_sent = False
        self.asked: list[str] = []
        self.proofs: dict[str, tuple[str, str]] = {}
        self.sent_again: list[str] = []

    def routes(self) -> list[tuple[str, str, Handler]]:
        return [
            ("GET", "/v1/mail", self.mail),
            ("POST", "/v1/password-reset-requests", self.ask),
            ("POST", "/v1/email-verifications", self.prove_email),
            ("POST", "/v1/account/email-verification-requests", self.send_again),
            *super().routes(),
        ]

    async def mail(self, request: Request) -> Response:
        return JSONResponse({"is_on": self.are_sent})

    async def ask(self, request: Request) -> Response:
        if not self.are_sent:
            return problem(409, "mail_disabled")
        assert request.headers["X-Forwarded-For"]
        self.asked.append((await request.json())["account"])
        if len(self.asked) > 20:
            return problem(429, "too_many_attempts")
        return JSONResponse(None, status_code=202)

    async def prove_email(self, request: Request) -> Response:
        token = (await request.json())["token"]
        if token not in self.proofs:
            return problem(403, "invalid_email_link")
        username, email = self.proofs.pop(token)
        self.proven[username] = email
        return JSONResponse({"email": email})

    async def send_again(self, request: Request) -> Response:
        person = self._who(request)
        if person is None:
            return problem(401, "session_ended")
        email = self.emails.get(person["username"])
        if email in (None, self.proven.get(person["username"])):
            return problem(409, "email_already_verified")
        self.sent_again.append(str(email))
        return JSONResponse(None, status_code=202)
