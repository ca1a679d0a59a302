"""`notes-users`: accounts from the command line, with the original's subcommands and flags.

It talks to a running users-service.
The API key comes from USERS_API_KEY ("name:secret") or the file that USERS_API_KEY_FILE names,
never from the command line, where others could read it.
Exit codes: 0 done; 1 refused, not found or wrong password; 2 called wrongly.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote, urlsplit

import httpx
from service_kit.logs import visible

from users_service.cli import admin

_DEFAULT_PORT = 5858
_SECONDS = 30.0
_PROFILE = {
    "family_name": "familyName",
    "given_name": "givenName",
    "middle_name": "middleName",
}


def main(argv: Sequence[str] | None = None) -> None:
    """Run `notes-users` and exit with 0, 1 or 2, as this module's text says."""
    arguments = _parser().parse_args(argv)
    try:
        name, secret = _api_key(os.environ)
        base = base_url(arguments, os.environ)
    except (OSError, ValueError) as error:
        _fail(2, str(error))
    with httpx.Client(
        base_url=base, auth=(name, secret), timeout=_SECONDS, trust_env=False
    ) as client:
        try:
            sys.exit(_run(client, arguments))
        except admin.NoSuchAccount as error:
            _fail(1, str(error))
        except httpx.TransportError as error:
            _fail(1, f"no answer from {base}: {error}")


def base_url(arguments: argparse.Namespace, environ: Mapping[str, str]) -> str:
    """Return the service's URL as the original builds it; raise ValueError.

    --url goes before --host and --port, --port before PORT; the port may stand in --host.
    """
    url = urlsplit(arguments.url or "")
    if arguments.url and (url.scheme not in {"http", "https"} or not url.hostname):
        raise ValueError(f"--url looks like http://host:port, not {arguments.url}")
    said_host, said_port = _host_and_port(arguments.host or "")
    port = url.port or arguments.port or said_port or environ.get("PORT") or _DEFAULT_PORT
    host = url.hostname or said_host or "localhost"
    if ":" in host:
        host = f"[{host}]"
    try:
        return f"{url.scheme or 'http'}://{host}:{int(port)}"
    except ValueError:
        raise ValueError(f"a port is a number, not {port}") from None


def _host_and_port(text: str) -> tuple[str, str]:
    """Take apart "host", "host:port", "[::1]:port", and "::1", which has no port."""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, rest.removeprefix(":")
    host, _, port = text.partition(":")
    return (text, "") if ":" in port else (host, port)


def _parser() -> argparse.ArgumentParser:
    # -h is the host, as in the original, so help is --help alone.
    parser = argparse.ArgumentParser(
        prog="notes-users", description=__doc__, add_help=False, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    _add_help(parser)
    _add_service(parser, default=None)
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for command, about in (
        ("add", "make an account"),
        ("find-or-create", "show the account, or make it"),
        ("update", "change what is given of an account, and nothing else"),
    ):
        _add_profile(_add_command(commands, command, about))
    _add_command(commands, "destroy", "remove an account")
    _add_command(commands, "find", "show an account")
    _add_command(commands, "list-users", "show all accounts", username=False)
    check = _add_command(commands, "password-check", "is this the password?")
    check.add_argument("password", help='"-" reads it from standard input')
    invite = _add_command(commands, "invite", "make a code for one sign-up", username=False)
    invite.add_argument("--admin", action="store_true", help="of an administrator")
    admin.add_commands(partial(_add_command, commands))
    return parser


def _add_command(
    commands: Any, name: str, about: str, *, username: bool = True
) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        name, help=about, description=about, add_help=False, allow_abbrev=False
    )
    _add_help(command)
    # As the original's, they may stand behind the command: what is said there is said last.
    _add_service(command, default=argparse.SUPPRESS)
    if username:
        command.add_argument("username")
    return command


def _add_service(parser: argparse.ArgumentParser, *, default: str | None) -> None:
    for flags, about in (
        (("-p", "--port"), "of the service (default: PORT, else 5858)"),
        (("-h", "--host"), "of the service, or host:port (default: localhost)"),
        (("-u", "--url"), "of the service, e.g. https://users.example:5858"),
    ):
        parser.add_argument(*flags, default=default, help=about)


def _add_help(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--help", action="help", help="show this and end")


def _add_profile(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--password", help='"-" reads it from standard input')
    for option in _PROFILE:
        parser.add_argument("--" + option.replace("_", "-"))
    parser.add_argument("--email")


def _run(client: httpx.Client, arguments: argparse.Namespace) -> int:
    username = getattr(arguments, "username", "")
    segment = quote(username, safe="")
    match arguments.command:
        case "add":
            body = _new_user(arguments)
            return _tell("Created ", client.post("/create-user", json=body), username)
        case "find-or-create":
            body = _new_user(arguments)
            found = client.post("/find-or-create", json=body)
            return _tell("Found or Created ", found, username)
        case "update":
            changed = client.post(f"/update-user/{segment}", json=_profile(arguments))
            return _tell("Updated ", changed, username)
        case "destroy":
            answer = client.delete(f"/destroy/{segment}")
            return _tell("Deleted - result= ", answer, username)
        case "find":
            return _tell("Found ", client.get(f"/find/{segment}"), username)
        case "password-check":
            body = {"username": username, "password": _said(arguments.password)}
            answer = client.post("/password-check", json=body)
            return _tell("", answer, username) or int(not answer.json()["check"])
        case "invite":
            invited = client.post("/v1/invitations", json={"admin": arguments.admin})
            return _tell("Invited ", invited, username)
        case "list-users":
            return _tell("", client.get("/list"), username)
        case _:
            return _tell("", admin.run(client, arguments), username)


def _new_user(arguments: argparse.Namespace) -> dict[str, Any]:
    new: dict[str, Any] = {"username": arguments.username, "provider": "local"}
    return {**new, "emails": [], "photos": [], **_profile(arguments)}


def _profile(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return only the options that were given, so that an update clears nothing else."""
    said: dict[str, Any] = {
        parameter: value
        for option, parameter in _PROFILE.items()
        if (value := getattr(arguments, option)) is not None
    }
    if arguments.password is not None:
        said["password"] = _said(arguments.password)
    if arguments.email is not None:
        said["emails"] = [arguments.email]
    return said


def _said(password: str) -> str:
    return sys.stdin.readline().rstrip("\r\n") if password == "-" else password  # noqa: S105 - a sign


def _tell(what: str, answer: httpx.Response, username: str) -> int:
    if answer.is_success:
        said = answer.json() if answer.content else {}
        shown = json.dumps(said, indent=2, ensure_ascii=False)
        # Names are what somebody else typed: no terminal shall act upon them.
        print(what + "\n".join(visible(line) for line in shown.split("\n")))
        return 0
    sys.stderr.write(f"notes-users: {visible(_reason(answer, username))}\n")
    return 1


def _reason(answer: httpx.Response, username: str) -> str:
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        return "the service does not know this API key"
    try:
        body = answer.json()
        told = body.get("message") or body.get("detail")
    except (ValueError, AttributeError):
        told = None
    if told is None and answer.status_code == httpx.codes.NOT_FOUND:
        return f"there is no account {username}"
    return str(told or f"the service answered {answer.status_code}")


def _api_key(environ: Mapping[str, str]) -> tuple[str, str]:
    pair = environ.get("USERS_API_KEY", "")
    if not pair and (path := environ.get("USERS_API_KEY_FILE")):
        pair = Path(path).read_text(encoding="utf-8")
    name, colon, secret = pair.strip().partition(":")
    if not pair.strip():
        raise ValueError("USERS_API_KEY is not set (nor USERS_API_KEY_FILE)")
    if not name or not colon or not secret:
        raise ValueError("USERS_API_KEY is name:secret")
    return name, secret


def _fail(code: int, sentence: str) -> NoReturn:
    sys.stderr.write(f"notes-users: {sentence}\n")
    sys.exit(code)
