"""The text of a note while it is written, whichever field shows it.

The plain text area works from the first moment; where scripts run the rich field takes its
place. Tests type where a person does, and read `#body`, which always has the text.
"""

from playwright.sync_api import Locator, Page

RICH = "#body-view .cm-content"
# The field is decided; or no script runs, or the page is one that has the plain one alone.
_PLAIN_ALONE = "#edit-form:not(:has(.text-foot:visible)), #deleted-form, #conflict-form"
_SETTLED = f"#edit-form[data-field], {_PLAIN_ALONE}"


def text_field(page: Page) -> Locator:
    """Where the text is typed, once that is settled."""
    page.locator(_SETTLED).first.wait_for(state="attached")
    return page.locator(f"#body:visible, {RICH}")


def rich_field(page: Page) -> Locator:
    """The rich field, once it has taken the text area's place."""
    page.locator("#edit-form[data-field=rich]").wait_for()
    return page.locator(RICH)


def plain_field(page: Page) -> Locator:
    """The text area, by the switch below it."""
    rich_field(page)
    page.locator("#plain-text").check()
    return page.locator("#body")
