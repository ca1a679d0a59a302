"""A person without scripts who saves one note by its form, again and again, and counts.

A browser shows its own error page where the edge is gone; the person goes back and sends the
same form once more. What counts as failed is the first try alone.
"""

import re
import threading
from typing import Final, Self

import httpx

_FIELD: Final = re.compile(r'<input type="hidden" name="(csrf|version|once)" value="([^"]*)"')


class SavingForms:
    """Used as a context: forms are sent until it ends."""

    def __init__(self, url: str, *, session: str, key: str, every: float = 0.5) -> None:
        self.sent = self.failed = self.tries = 0
        self._url, self._path, self._every = url, f"/notes/{key}/edit", every
        self._http = httpx.Client(
            base_url=url,
            trust_env=False,
            timeout=40,
            headers={"Cookie": f"notes_session={session}"},
        )
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._go_on)

    @property
    def told(self) -> str:
        return f"without scripts {self.sent} forms, {self.failed} failed at the first try"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join(60)
        self._http.close()

    def _go_on(self) -> None:
        while not self._stopped.wait(self._every):
            try:
                page = self._http.get(self._path).text
            except httpx.HTTPError:
                continue  # nothing was typed yet
            fields = dict(_FIELD.findall(page))
            if "once" in fields:
                self._save(fields)

    def _save(self, fields: dict[str, str]) -> None:
        self.sent += 1
        typed = {"title": f"By a form {self.sent}", "body": "", "choice": "save"}
        is_saved = self._is_saved(fields | typed)
        self.failed += not is_saved
        while not is_saved and not self._stopped.wait(self._every):
            is_saved = self._is_saved(fields | typed)

    def _is_saved(self, form: dict[str, str]) -> bool:
        self.tries += 1
        try:
            answer = self._http.post(self._path, data=form, headers={"Origin": self._url})
        except httpx.HTTPError:
            return False
        return answer.status_code == 303
