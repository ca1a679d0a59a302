"""The kit stays small: what wants a seventh module is domain code."""

import ast
from pathlib import Path

KIT = Path(__file__).parents[1] / "src" / "service_kit"
FILES = [path for path in KIT.rglob("*.py") if path != KIT / "__init__.py"]
MODULES = {path.relative_to(KIT).parts[0].removesuffix(".py") for path in FILES}


def lines_of_code(path):
    text = path.read_text()
    told = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            told.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = enumerate(text.splitlines(), start=1)
    return sum(
        1 for n, line in lines if n not in told and line.strip() and line.strip()[0] != "#"
    )


def test_the_kit_has_at_most_six_modules_and_720_lines_of_code():
    sizes = {str(path.relative_to(KIT)): lines_of_code(path) for path in FILES}
    assert len(MODULES) <= 6, MODULES
    assert sum(sizes.values()) <= 720, sizes
