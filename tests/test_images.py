"""Our images: built from files that are there, holding only what the locks name."""

import shlex
from fnmatch import fnmatch

import pytest
from compose_file import OWN_IMAGES, ROOT, VARIABLE, services

ALL = sorted(services())


@pytest.mark.parametrize("name", ALL)
def test_every_image_can_be_replaced(name: str) -> None:
    match = VARIABLE.fullmatch(services()[name]["image"])
    assert match is not None
    assert not match[2].endswith(":latest")
    assert ("build" in services()[name]) == (name in OWN_IMAGES)


@pytest.mark.parametrize("name", OWN_IMAGES)
def test_an_image_is_built_of_files_that_are_there(name: str) -> None:
    build = services()[name]["build"]
    text = (ROOT / build["dockerfile"]).read_text()
    assert "# syntax" not in text
    lines = [
        shlex.split(line, comments=True) for line in text.replace("\\\n", " ").splitlines()
    ]
    copies = [line[1:-1] for line in lines if line[:1] == ["COPY"] and "--from" not in line[1]]
    sources = [source for copy in copies for source in copy]
    assert sources
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines()]
    for source in sources:
        assert (ROOT / source).exists(), source
        assert any(fnmatch(source, pattern) for pattern in allowed), source
    users = [line[1] for line in lines if line[:1] == ["USER"]]
    assert users == [services()[name]["user"]]
    arguments = {line[1].split("=")[0] for line in lines if line[:1] == ["ARG"]}
    assert set(build["args"]) <= arguments


@pytest.mark.parametrize("name", ["users-service", "notes-service", "realtime-gateway", "web"])
def test_a_python_image_holds_only_what_its_hashed_lock_names(name: str) -> None:
    text = (ROOT / services()[name]["build"]["dockerfile"]).read_text()
    assert f"COPY requirements/{name}.lock" in text
    assert "--require-hashes" in text
    assert "--hash=sha256:" in (ROOT / "requirements" / f"{name}.lock").read_text()


def test_the_gateways_image_does_not_hold_its_benchmark() -> None:
    text = (ROOT / services()["realtime-gateway"]["build"]["dockerfile"]).read_text()
    copied = [
        ROOT / line.split()[1]
        for line in text.splitlines()
        if line.startswith("COPY ") and "--from" not in line
    ]
    bench = ROOT / "realtime-gateway" / "bench"
    assert (bench / "src" / "gateway_bench" / "__main__.py").exists()
    assert not [path for path in copied if path == bench or path in bench.parents]
    assert not [
        path
        for folder in copied
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts  # .dockerignore leaves it out
        if path.suffix == ".c"
        or path.name == "package.json"
        or "bench" in str(path.relative_to(ROOT))
    ]
