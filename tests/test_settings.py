from pathlib import Path

import pytest

from assistant import SettingsError, read


def test_the_environment_is_above_the_file_and_arguments_above_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text(
        "ASSISTANT_PORT=1\nASSISTANT_HOST=file\nASSISTANT_LLM=file\nX=1\n"
    )
    monkeypatch.setenv("ASSISTANT_PORT", "2")
    monkeypatch.setenv("ASSISTANT_LLM", "environment")
    settings = read(port=3)
    assert (settings.port, settings.llm, settings.host) == (3, "environment", "file")


def test_a_misspelt_setting_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_LLM_BASEURL", "http://127.0.0.1:1/v1")
    with pytest.raises(SettingsError, match=r"'ASSISTANT_LLM_BASEURL'.*ASSISTANT_LLM_BASE_URL"):
        read()


def test_a_misspelt_setting_in_the_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("ASSISTANT_PROT=1\n")
    with pytest.raises(SettingsError, match="ASSISTANT_PROT"):
        read()


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "many"), ("PORT", "70000"), ("LLM_TIMEOUT", "0")]
)
def test_an_impossible_value_names_the_setting_and_the_value(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"ASSISTANT_{name}", value)
    with pytest.raises(SettingsError, match=rf"ASSISTANT_{name} is '{value}'"):
        read()


def test_the_key_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_LLM_API_KEY", "secret-key")
    assert "secret-key" not in repr(read())
