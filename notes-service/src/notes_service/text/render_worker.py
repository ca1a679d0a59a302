"""The child process that renders long bodies for `rendering`.

It takes one after the other, until the input ends, and says READY first. Requests and answers
are length-prefixed; it never outlives a hostile body or its parent by more than a few seconds.
"""

import json
import signal
import sys
from typing import BinaryIO, Final

from notes_service.text.rendering import ASKED, LENGTH, READY, RENDER_SECONDS, Wanted, derive

_ALARM_SECONDS: Final = int(RENDER_SECONDS) + 2


def work(source: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until the input ends."""
    answers.write(READY)
    answers.flush()
    while head := source.read(ASKED.size):
        wanted, length = ASKED.unpack(head)
        # Ends this process if the parent is not there any more to do it.
        signal.alarm(_ALARM_SECONDS)
        rendered = derive(source.read(length).decode(), Wanted(wanted))
        signal.alarm(0)
        answer = json.dumps([rendered.html, rendered.excerpt, *rendered.words]).encode()
        answers.write(LENGTH.pack(len(answer)) + answer)
        answers.flush()


if __name__ == "__main__":
    # Ctrl-C is for the parent, which then closes our input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    work(sys.stdin.buffer, sys.stdout.buffer)
