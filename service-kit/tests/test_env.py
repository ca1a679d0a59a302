import pytest
from pydantic_settings import BaseSettings, SettingsConfigDict
from service_kit import env


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="DEMO_", frozen=True)

    secret: str
    port: int = 80


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    for name in ("DEMO_SECRET", "DEMO_PORT", "DEMO_SECRET_FILE"):
        monkeypatch.delenv(name, raising=False)


def load(monkeypatch, **environ):
    with monkeypatch.context() as patched:
        for name, value in environ.items():
            patched.setenv(name, value)
        return env.load(Settings, environ)


def test_a_secret_may_come_from_a_file(monkeypatch, tmp_path):
    (tmp_path / "secret").write_text("hush\n")
    settings = load(monkeypatch, DEMO_SECRET_FILE=str(tmp_path / "secret"), DEMO_PORT="81")
    assert (settings.secret, settings.port) == ("hush", 81)


def test_a_missing_setting_is_named(monkeypatch, capsys):
    with pytest.raises(SystemExit) as exit:
        load(monkeypatch)
    assert exit.value.code == 2
    assert "DEMO_SECRET is not set (nor DEMO_SECRET_FILE)" in capsys.readouterr().err


def test_a_wrong_setting_is_named_and_its_value_kept_secret(monkeypatch, capsys):
    with pytest.raises(SystemExit):
        load(monkeypatch, DEMO_SECRET="x", DEMO_PORT="hunter2")
    told = capsys.readouterr().err
    assert "DEMO_PORT is wrong" in told
    assert "hunter2" not in told


@pytest.mark.parametrize("content", [None, "", "\n"])
def test_a_secret_file_that_holds_nothing_is_refused(monkeypatch, tmp_path, capsys, content):
    path = tmp_path / "secret"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SystemExit):
        load(monkeypatch, DEMO_SECRET_FILE=str(path))
    assert "DEMO_SECRET_FILE names" in capsys.readouterr().err


def test_a_secret_given_twice_is_refused(monkeypatch, tmp_path):
    (tmp_path / "secret").write_text("hush")
    with pytest.raises(SystemExit):
        load(monkeypatch, DEMO_SECRET="x", DEMO_SECRET_FILE=str(tmp_path / "secret"))


KUBERNETES = {
    # For a Service `demo`, one `demo-port` and one `demo-secret`; Docker's links say the same.
    "DEMO_SERVICE_HOST": "10.0.0.11",
    "DEMO_SERVICE_PORT": "80",
    "DEMO_SERVICE_PORT_HTTP": "80",
    "DEMO_PORT_80_TCP": "tcp://10.0.0.11:80",
    "DEMO_PORT_80_TCP_PROTO": "tcp",
    "DEMO_PORT_80_TCP_PORT": "80",
    "DEMO_PORT_80_TCP_ADDR": "10.0.0.11",
    "DEMO_SECRET_PORT": "tcp://10.0.0.12:53",
    "DEMO_SECRET_PORT_53_UDP_ADDR": "10.0.0.12",
}


@pytest.mark.parametrize("address", ["tcp://10.0.0.11:80", "udp://[fd00::b]:80", "sctp://a:80"])
def test_what_kubernetes_says_of_a_service_is_no_setting(monkeypatch, caplog, address):
    settings = load(monkeypatch, DEMO_SECRET="x", DEMO_PORT=address, **KUBERNETES)
    assert settings.port == 80
    assert caplog.messages == []


@pytest.mark.parametrize("nothing", ["", " ", "\n"])
def test_an_empty_variable_is_none(monkeypatch, tmp_path, nothing, capsys):
    (tmp_path / "secret").write_text("hush")
    hushed = {"DEMO_SECRET": nothing, "DEMO_SECRET_FILE": str(tmp_path / "secret")}
    assert load(monkeypatch, DEMO_PORT=nothing, **hushed).port == 80
    with pytest.raises(SystemExit):
        load(monkeypatch, DEMO_SECRET=nothing, DEMO_SECRET_FILE=nothing)
    assert "DEMO_SECRET is not set" in capsys.readouterr().err


def test_a_variable_that_begins_as_ours_and_is_none_is_named(monkeypatch, caplog):
    load(monkeypatch, DEMO_SECRET="x", DEMO_PROT="hunter2", DEMO_PORTS_FILE="x", DEMOS="y")
    assert caplog.messages == [
        "DEMO_PORTS_FILE is no setting of this service",
        "DEMO_PROT is no setting of this service",
    ]
