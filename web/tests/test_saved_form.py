"""A form that waits while somebody signs in, kept whole."""

import pytest
from notes_web.pages import saved_form


@pytest.mark.parametrize("prefix", ["saved_form_", "parked_"])
def test_a_form_comes_back_from_a_sign_in_page_of_this_build_and_of_the_one_before(prefix):
    sent = {prefix + "action": "/notes/add", prefix + "title": "Menu", prefix + "csrf": "x"}
    kept = saved_form.carried(sent)
    assert kept == saved_form.SavedForm("/notes/add", {"title": "Menu"})


def test_without_anything_written_nothing_is_kept():
    assert saved_form.carried({"saved_form_action": "/notes/add"}) is None
    assert saved_form.carried({}) is None
