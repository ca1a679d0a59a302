"""Numbers as people and programs send them."""


def number(said: str) -> int | None:
    """None for whatever is no number that a version or a count could be."""
    return int(said) if said.isascii() and said.isdecimal() and len(said) <= 9 else None
