"""contracts/authorisation.md, read: who may call what."""

from pathlib import Path

from authorisation_cast import COLUMNS

TABLE = Path(__file__).parents[1] / "contracts" / "authorisation.md"

Row = dict[str, str]
"""What each column is answered."""


def read(path: Path = TABLE) -> dict[str, dict[str, Row]]:
    """Rows by route, by section."""
    sections: dict[str, dict[str, Row]] = {}
    section = ""
    for line in path.read_text().splitlines():
        if line.startswith("## "):
            section = line[3:].strip()
        elif section and line.startswith("| `"):
            route, *cells = (cell.strip() for cell in line.strip("|").split("|"))
            assert len(cells) == len(COLUMNS), f"{route}: {len(cells)} cells"
            rows = sections.setdefault(section, {})
            assert route.strip("`") not in rows, f"{route} stands there twice"
            rows[route.strip("`")] = dict(zip(COLUMNS, cells, strict=True))
    return sections
