"""The little of PromQL that a test must read: which metrics and labels an expression names."""

import re
from collections.abc import Iterator

_NOT_METRICS = {"and", "or", "unless", "bool", "offset"}
_STRING = re.compile(r'"[^"]*"')
_RANGE = re.compile(r"\[[^\]]*\]")
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)")
_SELECTOR = re.compile(r"\b([a-zA-Z_:][\w:]*)\b(?!\s*\()(?:\s*\{([^}]*)\})?")
_MATCHER = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")


def selectors(expression: str) -> Iterator[tuple[str, set[str]]]:
    """Each metric, with the labels that it is chosen or grouped by."""
    bare = _RANGE.sub("", _STRING.sub('""', expression))
    grouped = {label.strip() for each in _GROUPING.findall(bare) for label in each.split(",")}
    for name, matchers in _SELECTOR.findall(_GROUPING.sub("", bare)):
        if name not in _NOT_METRICS:
            yield name, grouped | set(_MATCHER.findall(matchers))
