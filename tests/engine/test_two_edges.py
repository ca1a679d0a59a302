"""Caddy and HAProxy are the same edge: both answer a table of questions, plain and over TLS."""

import contextlib
import datetime
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from edge_pair import ROOT, Edges, answer, comparable, configured, docker, missing, wire
from edge_questions import QUESTIONS
from notes_service.routes.conditions import etag, is_known

NAMES = ("caddy", "haproxy")
# A site with a certificate has one name, and says so by its certificate.
OVER_TLS = [question for question in QUESTIONS if " at " not in question or "ends" in question]


@pytest.fixture(scope="module")
def edges() -> Iterator[Edges]:
    yield from _running(Edges())


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    _certify(folder / "localhost.pem")
    for each in (folder, folder / "localhost.pem"):
        each.chmod(0o755)  # the edge's user is another
    return folder


@pytest.fixture(scope="module")
def secure_edges(certificates: Path) -> Iterator[Edges]:
    yield from _running(Edges(certificates))


def _running(both: Edges) -> Iterator[Edges]:
    if missing():
        pytest.skip("no Docker Engine answers")
    try:
        both.start()
        both.wait()
        yield both
    finally:
        both.remove()


def _certify(path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=7))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)


def test_at_least_a_hundred_questions_are_asked() -> None:
    assert len(QUESTIONS) >= 100
    assert len(OVER_TLS) >= 100


@pytest.mark.parametrize("question", QUESTIONS)
def test_both_edges_answer_alike(edges: Edges, question: str) -> None:
    caddy, haproxy = (comparable(edges.answer(name, QUESTIONS[question])) for name in NAMES)
    assert haproxy == caddy


@pytest.mark.parametrize("question", OVER_TLS)
def test_both_edges_answer_alike_over_tls(secure_edges: Edges, question: str) -> None:
    caddy, haproxy = (
        comparable(secure_edges.answer(name, QUESTIONS[question])) for name in NAMES
    )
    assert haproxy == caddy
    if haproxy["status"] != 101:
        age = haproxy["headers"]["strict-transport-security"]
        assert age == ["max-age=63072000; includeSubDomains"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_who_comes_without_tls_is_sent_to_it(
    secure_edges: Edges, name: str, method: str
) -> None:
    for path in ("/notes/menu?a=b", "/health", "/connection/websocket"):
        sent = answer(secure_edges.plain_ports[name], (method, path, {}, b""))
        assert sent["status"] == 308
        assert sent["headers"]["location"] == [f"https://localhost{path}"]


@pytest.mark.parametrize("name", NAMES)
def test_pages_come_by_http_2_over_tls(secure_edges: Edges, name: str) -> None:
    port = secure_edges.ports[name]
    with wire(port, tls=True, protocols=("h2", "http/1.1")) as connection:
        assert connection.selected_alpn_protocol() == "h2"  # type: ignore[attr-defined]
        # The preface, no settings, and GET https://localhost/ whose head ends the request.
        head = b"\x82\x87\x84\x41\x09localhost"
        frame = len(head).to_bytes(3, "big") + b"\x01\x05\x00\x00\x00\x01" + head
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0" + frame)
        with connection.makefile("rb") as read:
            while (begun := read.read(9))[3] != 1:  # until the head of the answer
                assert begun[3] not in (3, 7), "reset, or told to go away"
                read.read(int.from_bytes(begun[:3], "big"))
            assert b"\x88" in read.read(int.from_bytes(begun[:3], "big"))[:3]  # :status 200


@pytest.mark.parametrize("name", NAMES)
def test_new_connections_get_past_a_node_that_hangs(edges: Edges, name: str) -> None:
    with contextlib.ExitStack() as pages:
        # The node that lives has connections, so the one that hangs always has the fewest.
        for _ in range(3):
            assert pages.enter_context(edges.websocket(name)) == 101
        pages.enter_context(edges.hung_gateway(name))
        for _ in range(4):
            assert pages.enter_context(edges.websocket(name)) == 101


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("coding", ["gzip", "gzip, br, zstd", "identity"])
def test_a_version_is_known_again_however_an_edge_compressed_its_answer(
    edges: Edges, name: str, coding: str
) -> None:
    note = f"/x?type=application/json&body=5000&h=ETag:{quote(etag(7))}"
    said = edges.answer(name, ("GET", note, {"Accept-Encoding": coding}, b""))
    assert ("content-encoding" in said["headers"]) == (coding != "identity")
    [tag] = said["headers"]["etag"]
    assert is_known(7, tag)
    assert not is_known(8, tag)


def test_haproxy_takes_the_configuration_in_which_it_gets_certificates_itself(
    certificates: Path,
) -> None:
    if missing():
        pytest.skip("no Docker Engine answers")
    edge = configured(["compose.yaml", "compose.crowd.yaml"])["services"]["edge"]
    given = edge["environment"] | {"ACME_DOMAIN": "localhost", "ACME_CONTACT": "a@example.org"}
    given |= {"TLS_CERTIFICATE": "/etc/certificates"}
    places = [(certificates, "/etc/certificates"), (ROOT / "edge", "/etc/edge")]
    docker(
        "run",
        "--rm",
        "--user",
        edge["user"],
        "--read-only",
        "--tmpfs",
        "/tmp",
        *(each for key, value in given.items() for each in ("-e", f"{key}={value}")),
        *(each for here, there in places for each in ("-v", f"{here}:{there}:ro")),
        edge["build"]["args"]["HAPROXY_IMAGE"],
        "haproxy",
        "-c",
        "-f",
        "/etc/edge/haproxy.cfg",
    )
