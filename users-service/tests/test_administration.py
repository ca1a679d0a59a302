"""What administrators do: accounts, roles, invitations, reset links, the audit log."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from local_stack.errors import Failed
from local_stack.postgres import Postgres
from signing_in import Someone, join, sign_in, told
from users_running import KEY, PASSWORD, Service
from users_service.domain.audit_events import AuditEventType

pytestmark = pytest.mark.slow

NEW = "another quiet river"


@pytest.fixture
async def boss(people: httpx.AsyncClient) -> Someone:
    return await join(people, "boss")


@pytest.fixture
async def ivy(people: httpx.AsyncClient, boss: Someone) -> Someone:
    return await join(people, "ivy", name="Ivy Smith", email="ivy@example.org")


ROUTES = [
    ("GET", "/v1/accounts"),
    ("GET", "/v1/accounts/{id}"),
    ("PATCH", "/v1/accounts/{id}"),
    ("DELETE", "/v1/accounts/{id}"),
    ("DELETE", "/v1/accounts/{id}/sessions"),
    ("POST", "/v1/accounts/{id}/reset-link"),
    ("GET", "/v1/invitations"),
    ("POST", "/v1/invitations"),
    ("DELETE", "/v1/invitations/{id}"),
    ("GET", "/v1/audit"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_only_administrators_and_api_keys_administer(
    people: httpx.AsyncClient, boss: Someone, ivy: Someone, method: str, path: str
) -> None:
    path = path.format(id=ivy.id)
    sent: Any = {} if method in {"PATCH", "POST"} else None
    refused = await people.request(method, path, json=sent)
    assert told(refused) == (401, "unauthenticated")
    assert told(await ivy(method, path, json=sent)) == (403, "not_allowed")
    wrong = await people.request(method, path, json=sent, auth=("them", "wrong"))
    assert wrong.status_code == 401


async def test_accounts_are_listed_by_name_searched_and_paged(
    people: httpx.AsyncClient, boss: Someone, ivy: Someone
) -> None:
    for n in range(3):
        await people.post("/create-user", json={"username": f"p{n}"}, auth=KEY)
    first = (await boss("GET", "/v1/accounts?limit=2")).json()
    names = [each["username"] for each in first["accounts"]]
    assert (names, first["next"]) == (["boss", "ivy"], "ivy")
    rest = (await boss("GET", "/v1/accounts", params={"cursor": first["next"]})).json()
    assert [each["username"] for each in rest["accounts"]] == ["p0", "p1", "p2"]
    assert rest["next"] is None
    for query, found in [
        ({"q": "SMITH"}, ["ivy"]),
        ({"q": "ivy@example"}, ["ivy"]),
        ({"q": "%"}, []),
        ({"username": "Ivy"}, ["ivy"]),
        ({"role": "admin"}, ["boss"]),
        ({"disabled": "true"}, []),
    ]:
        answer = (await boss("GET", "/v1/accounts", params=query)).json()
        assert [each["username"] for each in answer["accounts"]] == found
    shown = (await boss("GET", f"/v1/accounts/{ivy.id}")).json()
    assert (shown["sessions"], shown["has_password"]) == (1, True)
    nul = await boss("GET", "/v1/accounts", params={"q": "\0"})
    assert nul.status_code == 422


async def test_a_disabled_account_is_out_at_once_until_it_is_enabled(
    people: httpx.AsyncClient, boss: Someone, ivy: Someone
) -> None:
    path = f"/v1/accounts/{ivy.id}"
    off = await boss("PATCH", path, json={"disabled": True})
    assert off.json()["disabled_at"] is not None
    assert told(await ivy("GET", "/v1/sessions")) == (401, "session_ended")
    sent = {"username": "ivy", "password": PASSWORD}
    assert told(await people.post("/v1/sessions", json=sent)) == (401, "wrong_credentials")
    await boss("PATCH", path, json={"disabled": False})
    assert told(await ivy("GET", "/v1/sessions")) == (401, "session_ended")
    await sign_in(people, "ivy")


@pytest.mark.parametrize(
    ("role", "roles"),
    [("reader", ["reader"]), ("editor", ["editor"]), ("admin", ["editor", "admin"])],
)
async def test_a_new_role_ends_the_sessions_that_had_the_old_one(
    people: httpx.AsyncClient, boss: Someone, ivy: Someone, role: str, roles: list[str]
) -> None:
    changed = await boss("PATCH", f"/v1/accounts/{ivy.id}", json={"role": role})
    assert changed.json()["roles"] == roles
    stays = role == "editor"
    assert (await ivy("GET", "/v1/sessions")).is_success is stays
    again = await sign_in(people, "ivy")
    assert (await again("POST", "/v1/tokens")).json()["account"]["roles"] == roles


@pytest.mark.parametrize("act", [{"role": "editor"}, {"disabled": True}, None])
async def test_the_last_administrator_stays_one(boss: Someone, act: Any) -> None:
    method = "PATCH" if act else "DELETE"
    refused = await boss(method, f"/v1/accounts/{boss.id}", json=act)
    assert told(refused) == (409, "last_administrator")


async def test_two_administrators_who_remove_each_other_leave_one(
    people: httpx.AsyncClient, boss: Someone, ivy: Someone
) -> None:
    await boss("PATCH", f"/v1/accounts/{ivy.id}", json={"role": "admin"})
    ivy = await sign_in(people, "ivy")
    answers = await asyncio.gather(
        boss("PATCH", f"/v1/accounts/{ivy.id}", json={"role": "reader"}),
        ivy("PATCH", f"/v1/accounts/{boss.id}", json={"role": "reader"}),
    )
    assert sorted(answer.status_code for answer in answers)[0] == 200
    admins = await people.get("/v1/accounts?role=admin", auth=KEY)
    assert len(admins.json()["accounts"]) == 1


async def test_an_administrator_who_came_long_ago_reauthenticates(
    service: Service, boss: Someone, ivy: Someone
) -> None:
    service.clock.move(minutes=15)
    refused = await boss("PATCH", f"/v1/accounts/{ivy.id}", json={"role": "admin"})
    assert told(refused) == (403, "reauthentication_required")
    assert (await boss("GET", "/v1/accounts")).status_code == 200


async def test_a_reset_link_sets_a_password_once_and_signs_nobody_in(
    service: Service, people: httpx.AsyncClient, boss: Someone, ivy: Someone
) -> None:
    path = f"/v1/accounts/{ivy.id}/reset-link"
    older = (await boss("POST", path)).json()["token"]
    token = (await boss("POST", path)).json()["token"]

    async def redeem(token: str, password: str = NEW) -> httpx.Response:
        sent = {"token": token, "password": password}
        return await people.post("/v1/password-resets", json=sent)

    assert told(await redeem(older)) == (403, "invalid_reset_link")
    assert told(await redeem(token, "ivy ivy ivy")) == (422, "password_contains_name")
    done = await redeem(token)
    assert (done.status_code, done.content) == (204, b"")
    assert told(await redeem(token)) == (403, "invalid_reset_link")
    assert told(await ivy("GET", "/v1/sessions")) == (401, "session_ended")
    await sign_in(people, "ivy", NEW)
    late = (await boss("POST", path)).json()["token"]
    service.clock.time += timedelta(hours=24)
    assert told(await redeem(late)) == (403, "invalid_reset_link")


async def test_open_invitations_are_listed_without_their_codes_and_revoked(
    people: httpx.AsyncClient, boss: Someone
) -> None:
    made = (await boss("POST", "/v1/invitations", json={"role": "reader"})).json()
    listed = (await boss("GET", "/v1/invitations")).json()["invitations"]
    assert [(each["id"], each["roles"]) for each in listed] == [(made["id"], ["reader"])]
    assert made["code"] not in str(listed)
    path = f"/v1/invitations/{made['id']}"
    assert (await boss("DELETE", path)).status_code == 204
    assert told(await boss("DELETE", path)) == (404, "invitation_not_found")
    sent = {"username": "x", "password": PASSWORD, "invite": made["code"]}
    assert told(await people.post("/v1/accounts", json=sent)) == (403, "invalid_invite")


async def test_the_audit_log_has_a_line_for_every_act_and_no_secret(
    people: httpx.AsyncClient, boss: Someone, ivy: Someone
) -> None:
    sent = {"username": "ivy", "password": "canary-typed"}
    await people.post("/v1/sessions", json=sent)
    await people.post("/v1/sessions", json={**sent, "username": "canary-name"})
    await people.post("/password-check", json={**sent, "password": PASSWORD}, auth=KEY)
    link = (await boss("POST", f"/v1/accounts/{ivy.id}/reset-link")).json()["token"]
    code = (await boss("POST", "/v1/invitations")).json()["code"]
    await boss("DELETE", f"/v1/accounts/{ivy.id}/sessions")
    await people.post("/update-user/ivy", json={"password": "canary-new"}, auth=KEY)
    await people.delete("/destroy/ivy", auth=KEY)
    answer = await boss("GET", "/v1/audit")
    lines = [
        (line["event"], line["result"], line["actor"], line["account"], line["address"])
        for line in answer.json()["events"]
    ]
    here = "192.0.2.1"
    assert lines == [
        ("account_deleted", "ok", "api key them", "ivy", here),
        ("account_changed", "ok", "api key them", "ivy", here),
        ("sessions_ended", "ok", "boss", "ivy", here),
        ("invitation_created", "ok", "boss", None, here),
        ("reset_link_created", "ok", "boss", "ivy", here),
        ("password_checked", "ok", "api key them", "ivy", here),
        ("signed_in", "wrong_credentials", None, None, here),
        ("signed_in", "wrong_credentials", None, "ivy", here),
        ("signed_in", "ok", "ivy", "ivy", here),
        ("account_created", "ok", "ivy", "ivy", here),
        ("signed_in", "ok", "boss", "boss", here),
        ("account_created", "ok", "boss", "boss", here),
    ]
    for secret in (PASSWORD, "canary", link, code, ivy.token, boss.token):
        assert secret not in answer.text


async def test_the_audit_log_is_read_page_by_page_and_by_account(
    boss: Someone, ivy: Someone
) -> None:
    page = (await boss("GET", "/v1/audit?limit=3")).json()
    rest = (await boss("GET", f"/v1/audit?cursor={page['next']}")).json()
    ids = [line["id"] for line in page["events"] + rest["events"]]
    assert (len(ids), ids) == (4, sorted(ids, reverse=True))
    assert rest["next"] is None
    hers = (await boss("GET", f"/v1/audit?account_id={ivy.id}&event=signed_in")).json()
    assert [line["actor"] for line in hers["events"]] == ["ivy"]


async def test_lines_that_the_last_release_wrote_are_shown_and_found_by_todays_names(
    people: httpx.AsyncClient, postgres: Postgres, boss: Someone
) -> None:
    before = {
        "reset_asked": "no_proven_address",
        "reset_link_made": "ok",
        "email_proven": "ok",
        "sign_in_link_made": "ok",
        "recovery_codes_made": "ok",
        "api_token_made": "ok",
        "invitation_made": "ok",
        "signed_in": "second_step_ended",
        "password_changed": "password_login_off",
        "identity_unlinked": "last_way_in",
    }
    for event, result in before.items():
        postgres.execute(
            "INSERT INTO audit_log (at, event, result, account_id, account_name, facts) "  # noqa: S608
            f"VALUES (now(), '{event}', '{result}', '{boss.id}', 'boss', '{{}}')",
            database="users_tests",
        )
    found = (await boss("GET", f"/v1/audit?limit={len(before)}")).json()["events"]
    assert [(each["event"], each["result"]) for each in reversed(found)] == [
        ("reset_requested", "no_verified_email"),
        ("reset_link_created", "ok"),
        ("email_verified", "ok"),
        ("sign_in_link_created", "ok"),
        ("recovery_codes_created", "ok"),
        ("api_token_created", "ok"),
        ("invitation_created", "ok"),
        ("signed_in", "two_factor_challenge_ended"),
        ("password_changed", "password_sign_in_disabled"),
        ("identity_unlinked", "last_sign_in_method"),
    ]
    # The filter finds those lines and ours alike, and a person's export has them.
    assert (await boss("POST", "/v1/invitations")).status_code == 201
    query = "/v1/audit?event=invitation_created"
    lines = (await people.get(query, auth=KEY)).json()["events"]
    assert [line["account"] for line in lines] == [None, "boss"]
    exported = (await boss("GET", "/v1/account/export")).json()["audit"]
    assert "email_verified" in {line["event"] for line in exported}


RENAMED = {
    "email_verified", "reset_requested", "reset_link_created", "sign_in_link_created",
    "recovery_codes_created", "api_token_created", "invitation_created",
}  # fmt: skip


def test_a_renamed_event_is_stored_by_the_name_that_the_last_release_shows() -> None:
    # 0.1.0-rc1 answers 500 to a line with a name that it does not know. These two came later.
    added = {"api_token_checked", "api_key_checked"}
    known = {event.value for event in AuditEventType} - added - RENAMED | {
        "email_proven", "reset_asked", "reset_link_made", "sign_in_link_made",
        "recovery_codes_made", "api_token_made", "invitation_made",
    }  # fmt: skip
    assert {event.stored for event in AuditEventType} == known | added
    for event in AuditEventType:
        assert AuditEventType.of_stored(event.stored) is event
        assert AuditEventType.of_stored(event.value) is event


async def test_lines_are_swept_away_when_old_and_changed_by_nobody(
    service: Service, postgres: Postgres, boss: Someone
) -> None:
    for change in ("UPDATE audit_log SET result = 'x'", "DELETE FROM audit_log"):
        with pytest.raises(Failed, match="append-only"):
            postgres.execute(change, database="users_tests")
    service.clock.move(days=365)
    await service.state["audit"].forget_old()
    count = postgres.execute("SELECT count(*) FROM audit_log", database="users_tests")
    assert count.strip() == "2"
    service.clock.move(seconds=1)
    await service.state["audit"].forget_old()
    count = postgres.execute("SELECT count(*) FROM audit_log", database="users_tests")
    assert count.strip() == "0"


async def test_a_destroyed_accounts_name_is_nobodys_as_after_any_deletion(
    people: httpx.AsyncClient, ivy: Someone
) -> None:
    assert (await people.delete("/destroy/ivy", auth=KEY)).json() == {}
    for name in ("ivy", "IVY"):
        taken = await people.post("/v1/accounts", json={"username": name, "password": PASSWORD})
        assert told(taken) == (409, "username_taken")
    back = await people.post("/create-user", json={"username": "ivy"}, auth=KEY)
    assert back.json()["id"] == "ivy"


async def test_no_interface_takes_the_last_administrator_away(
    people: httpx.AsyncClient, boss: Someone, ivy: Someone
) -> None:
    at = f"/v1/accounts/{boss.id}"
    for refused in (
        await people.delete(at, auth=KEY),
        await people.patch(at, json={"disabled": True}, auth=KEY),
        await people.patch(at, json={"role": "editor"}, auth=KEY),
        await boss("DELETE", "/v1/account"),
    ):
        assert told(refused) == (409, "last_administrator")
    refused = await people.delete("/destroy/boss", auth=KEY)
    assert (refused.status_code, refused.json()["code"]) == (409, "Conflict")
    assert (await boss("GET", "/v1/account")).status_code == 200
    await people.patch(f"/v1/accounts/{ivy.id}", json={"role": "admin"}, auth=KEY)
    assert (await people.delete("/destroy/boss", auth=KEY)).json() == {}
