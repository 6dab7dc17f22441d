"""What the README says is so."""

import re
from pathlib import Path

import pytest

from assistant import Assistant, Settings, prompt
from assistant.settings import PREFIX
from tests.conftest import TEXT

README = (Path(__file__).parents[1] / "README.md").read_text()
ROOT = Path(__file__).parents[1]


def settings_table() -> str:
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = field.default
        shown = "see below" if field.default_factory else f"`{default}`"
        if default == "" or name in ("llm_api_key", "auth"):
            shown = ""
        rows.append(f"| `{PREFIX}{name.upper()}` | {shown} | {field.description} |")
    return "\n".join(rows)


def test_the_settings_table_is_the_settings() -> None:
    assert settings_table() in README


def test_the_file_tree_is_the_files() -> None:
    named = set(re.findall(r"^ {6}(\w+\.py) ", README, re.MULTILINE))
    parts = ("index", "assistant", "ui", "eval")
    found = {p.name for part in parts for p in (ROOT / part).glob("*.py") if p.name[0] != "_"}
    assert named == found


def test_relative_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.model
def test_the_python_block_runs(
    real: Assistant,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert code
    assert prompt.REFUSAL not in code[1]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "article.txt").write_text(TEXT)
    monkeypatch.setattr(Assistant, "open", lambda _: real)
    monkeypatch.setattr(Assistant, "close", lambda _: None)
    exec(compile(code[1], "README.md", "exec"), {})
    assert "Nordsund" in capsys.readouterr().out
