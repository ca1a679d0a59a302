# ruff: noqa: E501 - one case a line
"""Strings that try to run something in a reader's browser, in Markdown and out of it."""

SCRIPTS = [
    "<script>alert(1)</script>", "<SCRIPT SRC=//e.x/x.js></SCRIPT>", "<scr<script>ipt>alert(1)",
    "<img src=x onerror=alert(1)>", "<img src='x' onerror='alert(1)'/>", "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>", "<body onload=alert(1)>", "<iframe src=javascript:alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'>", "<math><mi xlink:href='javascript:alert(1)'>x",
    "<object data=javascript:alert(1)>", "<embed src=javascript:alert(1)>", "<base href=//e.x/>",
    "<link rel=stylesheet href=//e.x/x.css>", "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<form action=javascript:alert(1)><button>x</button></form>", "<input autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>", "<video><source onerror=alert(1)>", "<audio src=x onerror=alert(1)>",
    "<marquee onstart=alert(1)>", "<a href='javascript:alert(1)'>x</a>", "<a href=JaVaScRiPt:alert(1)>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>", "<a href='&#106;avascript:alert(1)'>x</a>",
    "<style>@import '//e.x/x.css';</style>", "<p style='background:url(javascript:alert(1))'>x</p>",
    "<template><script>alert(1)</script></template>", "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<![CDATA[<script>alert(1)</script>]]>", "<!--<img src='--><img src=x onerror=alert(1)>-->",
    "<?xml version='1.0'?><x onclick=alert(1)>", "</p><script>alert(1)</script><p>", "<svg/onload=alert(1)//",
    "<x onclick=alert(1)>x</x>", "<table background=javascript:alert(1)>", "<div/onmouseover='alert(1)'>x",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>", "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>", "<select><template><script>alert(1)</script>",
]  # fmt: skip

ADDRESSES = [
    "javascript:alert(1)", "JAVASCRIPT:alert(1)", "java\tscript:alert(1)", "java%0ascript:alert(1)",
    "&#106;avascript:alert(1)", "&#x6A;avascript&colon;alert(1)", "\\javascript:alert(1)", "javascript&#58;alert(1)",
    " javascript:alert(1)", "\x01javascript:alert(1)", "vbscript:msgbox(1)", "data:text/html,<script>alert(1)</script>",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==", "data:image/svg+xml,<svg onload=alert(1)>",
    "file:///etc/passwd", "blob:x", "view-source:javascript:alert(1)", "feed:javascript:alert(1)",
    "https://e.x/\" onclick=\"alert(1)", "https://e.x/' onclick='alert(1)", "https://e.x/><script>alert(1)</script>",
    "https://e.x/ \"onmouseover=alert(1)\"", "javascript://%0aalert(1)", "//e.x/%22onclick=alert(1)", "jav&Tab;ascript:alert(1)",
]  # fmt: skip

PLACES = [
    "[x]({})", "[x](<{}>)", "![x]({})", "<{}>", "[x][r]\n\n[r]: {}", "[![x]({})]({})",
    "[x](https://e.x '{}')", "| a |\n|---|\n| [x]({}) |",
]  # fmt: skip

WRAPPERS = [
    "{}",
    "**{}**",
    "> - {}",
    "| a |\n|---|\n| {} |",
    "[{}](https://e.x)",
    "![{}](https://e.x/p.png)",
]

CORPUS = [
    *(wrapper.replace("{}", script) for script in SCRIPTS for wrapper in WRAPPERS),
    *(place.replace("{}", address) for address in ADDRESSES for place in PLACES),
    "```js\"onclick=alert(1)\n<script>\n```", "- [x] <img src=x onerror=alert(1)>", "\\<script>alert(1)\\</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;", "&#60;script&#62;alert(1)", "`<img src=x onerror=alert(1)>`",
    "https://e.x/<script>alert(1)</script>", "https://e.x/\"onclick=alert(1)//", "~~<svg onload=alert(1)>~~",
]  # fmt: skip
