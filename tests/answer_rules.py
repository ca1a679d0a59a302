"""What every answer carries, whoever behind the edge gives it (ASVS 5.0: 3.3, 3.4, 13.4, 14.3).

Pure: headers in, what is wrong with them out.
"""

import re
from collections.abc import Mapping, Sequence

REQUIRED = {
    "content-security-policy": re.compile(
        "(?=.*default-src 'none')(?=.*base-uri 'none')(?=.*frame-ancestors 'none')"
        "(?!.*unsafe-)(?!.*[*])"
    ),
    "x-content-type-options": re.compile("nosniff$"),
    "referrer-policy": re.compile("(same-origin|no-referrer)$"),
    "cross-origin-opener-policy": re.compile("same-origin$"),
    "cross-origin-resource-policy": re.compile("same-origin$"),
    "cache-control": re.compile("no-store$|public, max-age=31536000, immutable$"),
}
# A page may run our scripts and show our styles, and nothing of anybody else.
PAGE = re.compile("(?=.*script-src 'self')(?=.*object-src 'none')(?=.*form-action 'self')")
# Who answers is nobody's business, and no other site reads our answers.
FORBIDDEN = ("server", "via", "x-powered-by", "access-control-allow-origin")
A_YEAR_WITH_SUBDOMAINS = re.compile(r"max-age=(\d{8,}); includeSubDomains")

Headers = Mapping[str, Sequence[str]]


def header_faults(status: int, given: Headers, *, https: bool = False) -> list[str]:
    """What is wrong with the headers of one answer, in words."""
    headers = {name.lower(): ", ".join(values) for name, values in given.items()}
    faults = [
        f"{name} is {headers.get(name)!r}"
        for name, wanted in REQUIRED.items()
        if not wanted.match(headers.get(name, ""))
    ]
    faults += [f"{name} is told" for name in FORBIDDEN if name in headers]
    kind = headers.get("content-type", "")
    if kind.startswith("text/html"):
        if "charset=utf-8" not in kind:
            faults.append(f"content-type is {kind!r}")
        # While web is away the edge answers for it, with a policy that allows nothing at all.
        policy = headers.get("content-security-policy", "")
        if status not in (502, 503, 504) and not PAGE.match(policy):
            faults.append(f"a page's policy is {policy!r}")
    if https and not A_YEAR_WITH_SUBDOMAINS.match(headers.get("strict-transport-security", "")):
        faults.append("no strict-transport-security for a year and all subdomains")
    return faults


def cookie_faults(said: str, *, https: bool = False) -> list[str]:
    """What is wrong with one Set-Cookie line, in words; its value is not among them."""
    first, *rest = (part.strip() for part in said.split(";"))
    name = first.partition("=")[0]
    attributes = {each.partition("=")[0].lower(): each.partition("=")[2] for each in rest}
    faults = []
    if "httponly" not in attributes:
        faults.append("scripts may read it")
    if attributes.get("samesite", "").lower() not in ("lax", "strict"):
        faults.append("other sites may send it")
    if attributes.get("path") != "/" or "domain" in attributes:
        faults.append("it is not for this host and all of it")
    if https and not (name.startswith("__Host-") and "secure" in attributes):
        faults.append("it is not bound to https and this host")
    return [f"cookie {name}: {fault}" for fault in faults]
