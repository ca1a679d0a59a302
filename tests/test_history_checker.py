"""The judge is judged: a clean run passes, each planted bug is caught."""

import random
from dataclasses import replace

from history_checker import Broken, Known, Loaded, Read, Record, Run, Seen, Write, judge

WATCHERS = [f"watcher {number}" for number in range(4)]


def a_run(saves: int = 3_000, notes: int = 10) -> Run:
    """Every watcher was told everything: creations, saves, a deletion now and then."""
    chance = random.Random(7)
    final: dict[str, Known] = {}
    writes: list[Write] = []
    record: Record = [Loaded(0, {})]
    for number in range(saves):
        key = f"note-{chance.randrange(notes)}"
        base = final.get(key, Known(0, None)).version
        # A deletion is followed by the note's return, under the next version.
        title = None if chance.random() < 0.02 and base else f"title {number}"
        writes.append(Write(key, title, base, base + 1))
        final[key] = Known(base + 1, title)
        record.append(Seen(number + 1, key, base + 1, title))
    return Run(writes, [], {name: list(record) for name in WATCHERS}, final)


def broken_in(run: Run) -> set[str]:
    return {broken.promise for broken in judge(run)}


def renumbered(record: Record) -> Record:
    return [replace(entry, offset=offset) for offset, entry in enumerate(record)]


def test_a_clean_run_breaks_no_promise() -> None:
    assert judge(a_run()) == []


def test_one_event_in_a_thousand_lost_on_its_way_is_caught() -> None:
    run = a_run()
    victim = run.records["watcher 2"]
    del victim[1_000], victim[2_000]
    assert broken_in(run) >= {"I1", "I3"}
    assert {broken.who for broken in judge(run)} == {"watcher 2"}


def test_one_event_in_a_thousand_never_published_is_caught() -> None:
    run = a_run()
    for record in run.records.values():
        del record[1_000], record[2_000]
        record[:] = renumbered(record)
    assert broken_in(run) == {"I1"}


def test_the_very_last_event_lost_is_caught() -> None:
    run = a_run()
    run.records["watcher 0"].pop()
    assert broken_in(run) == {"I5"}


def test_an_event_of_a_save_that_was_rolled_back_is_caught() -> None:
    run = a_run(saves=30)
    key, known = next(iter(run.final.items()))
    phantom = Seen(31, key, known.version + 1, "never saved")
    run.records["watcher 1"].append(phantom)
    assert broken_in(run) == {"I2", "I5"}


def test_two_events_of_a_note_in_the_wrong_order_are_caught() -> None:
    run = a_run(saves=200, notes=1)
    record = run.records["watcher 3"]
    record[100], record[101] = record[101], record[100]
    record[:] = renumbered(record)
    assert "I1" in broken_in(run)


def test_a_save_without_the_version_check_is_caught() -> None:
    run = a_run(saves=100, notes=1)
    last = run.writes[-1]
    run.writes.append(replace(last, title="the other's text"))
    assert broken_in(run) == {"I6"}


def test_an_answered_save_that_is_gone_is_caught() -> None:
    run = a_run(saves=100, notes=1)
    known = run.final["note-0"]
    run.writes.append(Write("note-0", "lost", known.version, known.version + 1))
    assert judge(run)[0].who == "database"


def test_a_writer_who_reads_an_older_version_is_caught() -> None:
    run = a_run(saves=10)
    run.reads.append(Read("note-0", written=4, version=3))
    assert judge(run) == [Broken("I4", "a writer", "note-0: wrote v4, read v3")]


def test_repeats_and_reloads_are_no_faults() -> None:
    run = a_run(saves=40, notes=3)
    record = run.records["watcher 0"]
    repeat = record[-1]
    assert isinstance(repeat, Seen)
    record += [replace(repeat, offset=41), Loaded(3, dict(run.final)), Seen(4, "note-0")]
    assert judge(run) == []


def test_a_save_without_an_answer_may_be_announced_or_not() -> None:
    run = a_run(saves=20, notes=1)
    base = run.final["note-0"].version
    run.writes.append(Write("note-0", "perhaps", base, None))
    assert judge(run) == []
    for record in run.records.values():
        record.append(Seen(21, "note-0", base + 1, "perhaps"))
    final = {"note-0": Known(base + 1, "perhaps")}
    assert judge(replace(run, final=final)) == []


def test_a_note_that_was_gone_before_the_state_was_read_is_no_fault() -> None:
    run = a_run(saves=5, notes=1)
    run.writes.extend([Write("brief", "brief", 0, 1), Write("brief", None, 1, 2)])
    late: Record = [Loaded(5, dict(run.final)), Seen(6, "brief", 2, None)]
    final = {**run.final, "brief": Known(2, None)}
    records: dict[str, Record] = {"latecomer": late}
    assert judge(replace(run, records=records, final=final)) == []
    # A text, however, cannot come before its note was made.
    records["latecomer"][-1] = Seen(6, "brief", 2, "brief")
    assert "I1" in broken_in(replace(run, records=records, final=final))
