"""The languages that code is coloured in: Pygments' lexers, and the classes of their words.

Promise: each takes time nearly in proportion to the code, whatever it is. Expressions that do
not are left out; a language whose lexer is made of such ones (make, HCL) is not here.
"""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any, Final

CLASSES: Final = frozenset("cdefiknst")
"""Comment, deleted, escape, function, inserted, keyword, number, string, type."""

NAMES: Final = {
    **dict.fromkeys(["bash", "sh", "shell", "zsh"], "shell:BashLexer"),
    **dict.fromkeys(["c", "h"], "c_cpp:CLexer"),
    **dict.fromkeys(["cpp", "c++", "cc", "hpp"], "c_cpp:CppLexer"),
    **dict.fromkeys(["csharp", "c#", "cs"], "dotnet:CSharpLexer"),
    "css": "css:CssLexer",
    **dict.fromkeys(["diff", "patch"], "diff:DiffLexer"),
    **dict.fromkeys(["dockerfile", "docker"], "configs:DockerLexer"),
    **dict.fromkeys(["go", "golang"], "go:GoLexer"),
    "html": "html:HtmlLexer",
    **dict.fromkeys(["ini", "conf", "cfg"], "configs:IniLexer"),
    "java": "jvm:JavaLexer",
    **dict.fromkeys(["javascript", "js", "mjs"], "javascript:JavascriptLexer"),
    **dict.fromkeys(["json", "jsonc"], "data:JsonLexer"),
    **dict.fromkeys(["kotlin", "kt"], "jvm:KotlinLexer"),
    "lua": "scripting:LuaLexer",
    "nginx": "configs:NginxConfLexer",
    "php": "php:PhpLexer",
    **dict.fromkeys(["powershell", "ps1"], "shell:PowerShellLexer"),
    **dict.fromkeys(["python", "py", "python3"], "python:PythonLexer"),
    "r": "r:SLexer",
    **dict.fromkeys(["ruby", "rb"], "ruby:RubyLexer"),
    **dict.fromkeys(["rust", "rs"], "rust:RustLexer"),
    "scala": "jvm:ScalaLexer",
    "sql": "sql:SqlLexer",
    "swift": "objective:SwiftLexer",
    "toml": "configs:TOMLLexer",
    **dict.fromkeys(["typescript", "ts"], "javascript:TypeScriptLexer"),
    **dict.fromkeys(["xml", "svg"], "html:XmlLexer"),
    **dict.fromkeys(["yaml", "yml"], "data:YamlLexer"),
}
"""Where each lexer is, by the names that a fence may say."""

_MOST_BYTES: Final = {"c_cpp:CppLexer": 8192, "html:HtmlLexer": 8192, "html:XmlLexer": 8192}
# These look for the beginning of a method, for each word anew: the name of one is a name.
_SLOW: Final = {
    "jvm:JavaLexer": r"((?:(?:[^\W\d]|\$)",
    "dotnet:CSharpLexer": r"^([ \t]*)((?:",
}
# The same is left out where code begins inside of a function.
_BEGINS: Final = {"c_cpp:CLexer": ("function",), "c_cpp:CppLexer": ("function",)}

_CLASSES: Final = {
    "Token.Comment": "c",
    "Token.Comment.Preproc": "t",
    "Token.Generic.Deleted": "d",
    "Token.Generic.Heading": "k",
    "Token.Generic.Inserted": "i",
    "Token.Generic.Prompt": "c",
    "Token.Generic.Subheading": "k",
    "Token.Keyword": "k",
    "Token.Keyword.Constant": "n",
    "Token.Keyword.Type": "t",
    "Token.Literal": "n",
    "Token.Literal.String": "s",
    "Token.Literal.String.Doc": "c",
    "Token.Literal.String.Escape": "e",
    "Token.Literal.String.Interpol": "e",
    "Token.Literal.String.Regex": "e",
    "Token.Name.Attribute": "t",
    "Token.Name.Builtin": "t",
    "Token.Name.Builtin.Pseudo": "k",
    "Token.Name.Class": "f",
    "Token.Name.Constant": "n",
    "Token.Name.Decorator": "t",
    "Token.Name.Entity": "e",
    "Token.Name.Exception": "t",
    "Token.Name.Function": "f",
    "Token.Name.Label": "t",
    "Token.Name.Tag": "k",
    "Token.Operator.Word": "k",
}


def most_bytes(name: str) -> int:
    """How long code may be whose lexer takes the square of it."""
    return _MOST_BYTES.get(NAMES[name], 1 << 20)


def words(code: str, name: str) -> Iterator[tuple[str, str]]:
    """The code's words in their order, each after its class: one of CLASSES, or ""."""
    place = NAMES[name]
    begins = {"stack": _BEGINS[place]} if place in _BEGINS else {}
    found = _lexer(place).get_tokens_unprocessed(code, **begins)
    return ((_class(token), text) for _, token, text in found)


@cache
def _lexer(place: str) -> Any:
    module, name = place.split(":")
    kind = getattr(import_module(f"pygments.lexers.{module}"), name)
    if place in _SLOW:
        kind = type(name, (kind,), {"tokens": _without(kind.tokens, _SLOW[place])})
    return kind()


def _without(states: Any, slow: str) -> Any:
    """The states of a lexer without the rule that begins so. Some have several sets of them."""
    if isinstance(states, dict):
        return {name: _without(each, slow) for name, each in states.items()}
    return [rule for rule in states if not _begins(rule, slow)]


def _begins(rule: Any, slow: str) -> bool:
    return isinstance(rule, tuple) and isinstance(rule[0], str) and rule[0].startswith(slow)


@cache
def _class(token: Any) -> str:
    while token is not None and str(token) not in _CLASSES:
        token = token.parent
    return "" if token is None else _CLASSES[str(token)]
