"""A table of questions that is put to both edges."""

import secrets

UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
INNER = [
    "/metrics",
    "/metrics/",
    "/metrics/x",
    "/METRICS",
    "//metrics",
    "/%6detrics",
    "/x/../metrics",
    "/./metrics",
    "/ready",
    "/Ready/",
    "/ready/now",
    "/api",
    "/api/publish",
    "/API/info",
    "//api//batch",
    "/a/b/../../api/info",
    "/v1/notes",
    "/v1/",
    "/v1/tokens?a=b",
    "/connection/../api/publish",
    "/connection/%2e%2e/api/publish",
    "/connection/..%2fapi%2fpublish",
    "/api/v1/../publish",
]
PAGES = [
    "/",
    "/notes/menu",
    "/notes/menu?a=b&c=%20d",
    "/healthy",
    "/health/x",
    "/metric",
    "/readyness",
    "/apiary",
    "/v1",
    "/v2/notes",
    "/api/v1/notes",
    "/api/v1/notes?limit=3",
    "/API/V1/notes",
    "/connection",
    "/connections/x",
    "/users/login",
    "/assets/a.css",
    "/%C3%A9t%C3%A9",
    "/a%2Fb",
    "/a;b=c",
    "/notes/a:b@c",
    "/x?y=../metrics",
]
STRANGER = {
    "X-Request-Id": "mine",
    "X-Forwarded-For": "9.9.9.9",
    "X-Forwarded-Proto": "https",
    "Forwarded": "for=9.9.9.9",
    "X-Forwarded-Host": "evil.example",
    "X-Real-IP": "9.9.9.9",
    "X-Forwarded-User-Agent": "x",
    "X-Forwarded-Prefix": "/x",
}
OWN = [
    "Cache-Control:private",
    "Content-Security-Policy:default-src%20'self'",
    "Referrer-Policy:no-referrer",
    "Cross-Origin-Opener-Policy:unsafe-none",
    "Cross-Origin-Resource-Policy:cross-origin",
    "Set-Cookie:a=b",
    "Via:1.1%20x",
    "ETag:W/%221%22",
    "Vary:Cookie",
    "Location:/x",
]
TYPES = [
    "text/html",
    "text/css",
    "text/javascript",
    "application/json",
    "image/png",
    "image/svg+xml",
    "application/zip",
    "application/problem+json",
    "font/woff2",
]

Question = tuple[str, str, dict[str, str], bytes]


def questions() -> dict[str, Question]:
    asked: dict[str, Question] = {}
    for path in [*INNER, *PAGES, "/health", "/HEALTH", "//health"]:
        asked[f"GET {path}"] = ("GET", path, {}, b"")
    for method in ("HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        for path in ("/notes/x", "/health", "/api/publish", "/connection/uni_sse"):
            asked[f"{method} {path}"] = (method, path, {}, b"")
    asked["what a stranger says, to web"] = ("GET", "/", STRANGER, b"")
    asked["what a stranger says, to the gateway"] = ("GET", "/connection/x", STRANGER, b"")
    asked["a WebSocket"] = ("GET", "/connection/websocket", UPGRADE, b"")
    asked["a WebSocket that is refused"] = (
        "GET",
        "/connection/websocket?status=503&h=Retry-After:5&type=text/plain&body=9",
        UPGRADE,
        b"",
    )
    for code in (
        201,
        204,
        301,
        303,
        304,
        400,
        401,
        403,
        404,
        409,
        412,
        422,
        429,
        500,
        502,
        503,
        504,
    ):
        asked[f"web answers {code}"] = ("GET", f"/x?status={code}&h=Retry-After:9", {}, b"")
    for name in OWN:
        asked[f"web says {name}"] = ("GET", f"/x?h={name}", {}, b"")
    for kind in TYPES:
        for size in (100, 5_000):
            path = f"/x?type={kind.replace('+', '%2B')}&body={size}"
            asked[f"{size} bytes of {kind}, compressed"] = (
                "GET",
                path,
                {"Accept-Encoding": "gzip"},
                b"",
            )
    asked["a live answer is not compressed"] = (
        "GET",
        "/connection/x?type=text/plain&body=5000",
        {"Accept-Encoding": "gzip"},
        b"",
    )
    for method in ("GET", "POST"):
        asked[f"web ends at a {method}"] = (method, f"/x?dies={secrets.token_hex(8)}", {}, b"")
    asked["a form"] = ("POST", "/users/login", FORM, b"a=b")
    asked["a body of 1 MiB"] = ("POST", "/x", FORM, b"x" * 2**20)
    asked["a body of 1 MiB and a byte"] = ("POST", "/x", FORM, b"x" * (2**20 + 1))
    for host in ("127.0.0.1", "127.0.0.1:3000", "[::1]", "[::1]:3000", "other.example"):
        asked[f"a page at {host}"] = ("GET", "/notes/a?b=c", {"Host": host}, b"")
        asked[f"a form at {host}"] = ("POST", "/notes/a", {"Host": host}, b"")
        asked[f"live at {host}"] = ("GET", "/connection/x", {"Host": host}, b"")
    return asked


QUESTIONS = questions()
