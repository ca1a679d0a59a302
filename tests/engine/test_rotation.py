"""Each secret is replaced as `./notes secrets --rotate` says; the old value is good no more."""

import re
import shlex
from collections.abc import Callable

import pytest
from guest import Guest
from installation import Installation

Holds = Callable[[Installation, str], bool]
"""Whether this value of the secret is good where it counts."""


def succeeds(installation: Installation, *command: str, given: str = "") -> bool:
    """`docker compose exec …` in a running container."""
    try:
        installation.compose("exec", "-T", *command, given=given)
    except AssertionError:
        return False
    return True


def asks(installation: Installation, service: str, url: str, *headers: str) -> bool:
    """Whether a POST of {} from inside is let in, whatever it makes of it."""
    program = (
        "import sys, urllib.request as u, urllib.error as e\n"
        "url, *headers = sys.argv[1:]\n"
        "made = dict(each.split(': ', 1) for each in headers)\n"
        "asked = u.Request(url, b'{}', {'Content-Type': 'application/json', **made})\n"
        "try: status = u.urlopen(asked).status\n"
        "except e.HTTPError as error: status = error.code\n"
        "sys.exit(status in (401, 403))"
    )
    return succeeds(installation, service, "python", "-c", program, url, *headers)


def administers_postgresql(installation: Installation, password: str) -> bool:
    return logs_in(installation, f"postgresql://notes_admin:{password}@127.0.0.1/postgres")


def opens_its_database(installation: Installation, url: str) -> bool:
    return logs_in(installation, url.replace("@postgres:", "@127.0.0.1:"))


def logs_in(installation: Installation, url: str) -> bool:
    return succeeds(installation, "postgres", "psql", url, "-c", "select 1")


def opens_valkey(installation: Installation, url: str) -> bool:
    password = url.partition("//:")[2].partition("@")[0]
    said = installation.compose(
        "exec", "-T", "-e", f"REDISCLI_AUTH={password}", "valkey", "valkey-cli", "ping"
    )
    return "PONG" in said


def administers_users(installation: Installation, key: str) -> bool:
    return basic(installation, key, "/v1/invitations")


def basic(installation: Installation, key: str, path: str) -> bool:
    program = "import base64, sys; print(base64.b64encode(sys.argv[1].encode()).decode())"
    told = installation.type("python3", "-c", program, key).strip()
    url = f"http://users-service:5858{path}"
    return asks(installation, "web", url, f"Authorization: Basic {told}")


def asks_the_gateway(installation: Installation, key: str) -> bool:
    url = "http://realtime-gateway:8000/api/info"
    return asks(installation, "web", url, f"X-API-Key: {key}")


CHECKS: dict[str, Holds] = {
    "postgres_password": administers_postgresql,
    "notes_database_url": opens_its_database,
    "users_database_url": opens_its_database,
    "redis_url": opens_valkey,
    "users_api_key": administers_users,
    "gateway_api_key": asks_the_gateway,
}


def rotate(installation: Installation, name: str) -> None:
    """Type what is said, line by line."""
    said = installation.type("./notes", "secrets", "--rotate", name)
    steps = re.findall(r"^  (\S.*)$", said, re.MULTILINE)
    assert steps
    for step in steps:
        words = shlex.split(step)
        # Nobody is at a terminal here.
        at = words.index("exec") + 1 if "exec" in words else len(words)
        installation.type(*words[:at], *(["-T"] if at < len(words) else []), *words[at:])


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_a_secret_is_replaced_as_the_command_says(
    installation: Installation, ada: Guest, name: str
) -> None:
    holds, old = CHECKS[name], installation.secret(name)
    assert holds(installation, old)
    rotate(installation, name)
    new = installation.secret(name)
    assert new != old
    assert holds(installation, new)
    assert not holds(installation, old)
    ada.save(ada.write(f"Before {name}"), f"After {name}")


def test_the_key_of_web_is_replaced_at_both_ends(
    installation: Installation, ada: Guest
) -> None:
    """users-service believes its holder about visitors; else it would see web's address."""
    rotate(installation, "web_users_key")
    with Guest(installation.url) as eve:
        assert eve.log_in("nobody-here", "a wrong password").status_code == 401
    [web] = installation.containers("web")
    own = {each["IPAddress"] for each in web["NetworkSettings"]["Networks"].values()}
    newest = "select address from audit_log order by id desc limit 1"
    said = installation.compose(
        "exec", "-T", "postgres", "psql", "-U", "notes_admin", "-d", "users", "-Atc", newest
    )
    assert said.strip() not in own


def test_forms_of_before_are_refused_after_the_secret_of_web_is_replaced(
    installation: Installation, ada: Guest
) -> None:
    page = ada.http.get("/notes/add")
    rotate(installation, "web_secret")
    old = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert old
    refused = ada.http.post("/notes/add", data={"csrf": old[1], "title": "Old"})
    assert refused.status_code == 403
    ada.write("A form of after")


def test_the_encryption_key_is_replaced_and_everything_opens(
    installation: Installation, ada: Guest
) -> None:
    old = installation.secret("users_encryption_key")
    rotate(installation, "users_encryption_key")
    new = installation.secret("users_encryption_key")
    assert old not in new
    assert " " not in new
    ada.save(ada.write("Sealed"), "Sealed anew")
    with pytest.raises(AssertionError, match="does not open the signing keys"):
        installation.compose(
            "run", "--rm", "--no-deps", "-e", "USERS_ENCRYPTION_KEY_FILE=", "-e",
            f"USERS_ENCRYPTION_KEY={old}", "users-service",
        )  # fmt: skip
