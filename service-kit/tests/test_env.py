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
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
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
