"""How a page may look: the parameters `size` and `scheme` of tests that look at pages.

`./notes test` looks at each size once, light and dark in turn; the other pairs are long tests.
"""

import pytest
from playwright.sync_api import ViewportSize

DESKTOP = ViewportSize(width=1280, height=800)
PHONE = ViewportSize(width=360, height=740)
NARROW = ViewportSize(width=320, height=700)
"""The least that WCAG asks for (1.4.10)."""

_NAMES = {1280: "desk", 360: "phone", 320: "narrow"}


def looks(*sizes: ViewportSize) -> pytest.MarkDecorator:
    pairs = []
    for number, size in enumerate(sizes):
        for scheme in ("light", "dark"):
            is_first = (scheme == "light") == (number % 2 == 0)
            marks = () if is_first else (pytest.mark.long,)
            name = f"{_NAMES[size['width']]}-{scheme}"
            pairs.append(pytest.param(size, scheme, id=name, marks=marks))
    return pytest.mark.parametrize(("size", "scheme"), pairs)
