"""docs/topics/security.md says of every requirement of ASVS level 2 what holds it, truly.

A line has tests that exist, or a reason why it is not met; every requirement has a line.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "topics" / "security.md"
HEADING = "## OWASP ASVS 5.0 level 2"
FOLDERS = [ROOT / "tests", *ROOT.glob("*/tests")]

# The requirements of levels 1 and 2 that concern what Notes does.
APPLY = """
1.2.1-1.2.5 1.3.1 1.3.5 1.3.6 2.1.1-2.1.3 2.2.1 2.2.2 2.3.3 2.4.1 3.2.2 3.3.1-3.3.4 3.4.1-3.4.6
3.5.1-3.5.3 3.7.2 4.1.1-4.1.3 4.2.1 4.4.1-4.4.4 6.1.1 6.1.3 6.2.1-6.2.12 6.3.1-6.3.4 6.4.1-6.4.4
6.5.1-6.5.5 6.8.1 6.8.2 6.8.4 7.1.1-7.1.3 7.2.1-7.2.4 7.3.1 7.3.2 7.4.1-7.4.5 7.5.1 7.5.2 7.6.1
7.6.2 8.1.1 8.1.2 8.2.1-8.2.3 8.3.1 9.1.1-9.1.3 9.2.1-9.2.4 10.1.1 10.1.2 10.2.1 10.2.2
10.3.1-10.3.4 10.5.1-10.5.4 11.2.1-11.2.3 11.4.1 11.4.2 11.5.1 12.1.1 12.2.1 12.3.1 12.3.3
13.2.1-13.2.3 13.3.1 13.3.2 13.4.1-13.4.5 14.2.1 14.3.1-14.3.3 15.1.2 15.2.3 15.3.1 15.3.3
15.3.4 16.2.1-16.2.5 16.3.1-16.3.4 16.4.1 16.5.1-16.5.3
"""
A_REASON = 60  # characters: less is no reason


def numbers(text: str) -> list[str]:
    """`6.2.1-6.2.3 6.3.1` as single requirements."""
    found = []
    for each in re.split(r"[,\s]+", text.strip()):
        first, _, last = each.partition("-")
        head, _, start = first.rpartition(".")
        end = (last or first).rpartition(".")[2]
        found += [f"{head}.{number}" for number in range(int(start), int(end) + 1)]
    return found


def lines() -> list[list[str]]:
    """[requirements, in short, how, tests, deviation] of each line of the table."""
    section = PAGE.read_text().split(HEADING, 1)[1].split("\n## ", 1)[0]
    rows = [line for line in section.splitlines() if re.match(r"\| \d", line)]
    return [[cell.strip() for cell in row.strip("| ").split(" | ")] for row in rows]


def existing_tests() -> set[str]:
    sources = (path.read_text() for folder in FOLDERS for path in folder.rglob("test_*.py"))
    return {name for text in sources for name in re.findall(r"def (test_\w+)\(", text)}


@pytest.fixture(scope="module")
def existing() -> set[str]:
    return existing_tests()


def test_every_requirement_that_applies_has_exactly_one_line() -> None:
    told = [number for cells in lines() for number in numbers(cells[0])]
    assert sorted(told) == sorted(set(told))
    assert set(told) == set(numbers(APPLY))


@pytest.mark.parametrize("cells", lines(), ids=lambda cells: cells[0])
def test_a_line_of_the_table_has_tests_that_exist_or_a_reason(
    cells: list[str], existing: set[str]
) -> None:
    assert len(cells) == 5, "requirements | in short | how | tests | deviation"
    tests, deviation = re.findall(r"`(test_\w+)`", cells[3]), cells[4].replace("–", "")
    assert [name for name in tests if name not in existing] == []
    assert tests or len(deviation) >= A_REASON
    assert not deviation or len(deviation) >= A_REASON


def test_a_name_of_no_test_would_be_noticed(existing: set[str]) -> None:
    assert "test_a_name_of_no_test_would_be_noticed" in existing
    assert "test_that_nobody_wrote" not in existing


@pytest.mark.parametrize("page", [PAGE, ROOT / "SECURITY.md"], ids=lambda page: page.name)
def test_what_the_pages_point_to_is_there(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target
