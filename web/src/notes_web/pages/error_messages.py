"""What users-service refuses, as a sentence at the field it is about."""

from notes_web.clients.http import Refused, Unreachable

AWAY = "That is temporarily unavailable. Try again in a moment."
UNKNOWN = (
    "There was no answer, so it may or may not have been done. Check before you try again."
)

# Field and sentence for each refusal of users-service.
SENTENCES = {
    "username_taken": ("username", "This user name is taken."),
    "invalid_username": ("username", "Use letters, digits, dots, dashes and underscores."),
    "password_too_short": ("password", "Use at least 8 characters."),
    "password_too_long": ("password", "Use at most 128 characters."),
    "password_common": ("password", "This password is too common. Choose another."),
    "password_contains_name": (
        "password",
        "This password is too easy to guess from your user name or this site’s name.",
    ),
    "signup_closed": ("", "Sign-up is closed. Ask an administrator for an account."),
    "invalid_invite": ("invite", "This invitation is not valid, or was used."),
    "invalid_setup_token": ("setup_token", "This setup token is not correct."),
    "invalid_reset_link": ("token", "This code is no longer valid. Ask for a new one."),
    "invalid_email_link": ("token", "This code is no longer valid. Ask for a new e-mail."),
    "email_already_verified": ("", "There is no address to confirm."),
    "mail_disabled": ("", "This site sends no e-mail. Ask an administrator."),
    "wrong_credentials": ("", "Incorrect user name or password."),
    "wrong_code": ("code", "That code is wrong, already used or expired. Try the next one."),
    "code_required": ("code", "Add a code from your authenticator app, or a recovery code."),
    "two_factor_challenge_ended": ("", "That took too long. Start over with your password."),
    "passkey_refused": ("", "That passkey was not accepted. Try again, or use your password."),
    "passkeys_disabled": ("", "Passkeys are not set up on this site."),
    "too_many_passkeys": (
        "",
        "You have as many passkeys as one account can. Remove one first.",
    ),
    "last_sign_in_method": ("", "This is your only way to sign in. Add another one first."),
    "sign_in_refused": ("", "Signing in with that provider failed. Try again."),
    "invalid_sign_in_link": ("token", "This code is no longer valid. Ask for a new one."),
    "password_sign_in_disabled": (
        "",
        "Password sign-in is disabled. Use another way to sign in.",
    ),
    "provider_away": ("", "That provider is not responding. Try again in a moment."),
    "provider_cannot_reauthenticate": (
        "",
        "That provider cannot confirm who you are. Log out and in again instead.",
    ),
    "provider_not_found": ("", "There is no such sign-in provider here."),
    "identity_taken": ("", "That account is already linked to another account here."),
    "identity_not_found": ("", "That account is not linked."),
    "totp_already_enabled": ("", "Two-step sign-in is already on."),
    "totp_not_enabled": ("", "Two-step sign-in is not on for this account."),
    "too_many_api_tokens": (
        "",
        "You have as many tokens as one account can. Revoke one first.",
    ),
    "last_administrator": (
        "",
        "This is the last administrator. Make somebody else an administrator first.",
    ),
}


def describe(error: Refused | Unreachable) -> tuple[int, str, str]:
    """Status, field and sentence."""
    if isinstance(error, Unreachable):
        return 503, "", UNKNOWN if error.may_be_done else AWAY
    if error.status == 429:
        wait = f" Try again in {in_words(error.retry_after)}." if error.retry_after else ""
        if error.code == "too_many_emails":
            return 429, "email", "We cannot send more e-mails to that address for now." + wait
        return 429, "", "Too many attempts." + (wait or " Try again in a few minutes.")
    field, sentence = SENTENCES.get(
        error.code, ("", error.detail or "The request was refused.")
    )
    return error.status, field, sentence


def quota_message(error: Refused) -> str:
    """Nothing of the text is lost: it stands in the form again."""
    wait = f" in {in_words(error.retry_after)}" if error.retry_after else " tomorrow"
    most = f"{error.facts.get('limit', 0) / 2**20:g} MiB"
    return (
        f"You have reached the daily limit of {most}, so nothing was saved. "
        f"Your text is still here: save it again{wait}."
    )


def in_words(retry_after: str) -> str:
    """Returns a Retry-After of seconds as people say it."""
    seconds = int(retry_after) if retry_after.isdecimal() else 0
    for unit, name in ((3600, "hours"), (60, "minutes")):
        if seconds > 2 * unit:
            return f"{-(-seconds // unit)} {name}"
    return f"{retry_after} seconds"


def needs_sign_in(error: Refused | Unreachable) -> bool:
    """The session is over, or too old for this: a page of its own answers that."""
    codes = ("session_ended", "unauthenticated", "reauthentication_required")
    return isinstance(error, Refused) and error.code in codes
