import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant import Assistant
from tests.conftest import TEXT
from ui import cli

Make = Callable[..., Assistant]


@pytest.fixture
def ferry(tmp_path: Path) -> str:
    path = tmp_path / "ferry.txt"
    path.write_text(TEXT)
    return str(path)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, make: Make) -> Callable[..., None]:
    def opened(*replies: str) -> None:
        monkeypatch.setattr(cli, "_open", lambda *_: make(*replies))

    return opened


def test_ask_prints_sentences_and_quotes(
    opened: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    opened("A ticket costs 84 crowns.")
    assert cli.main(["ask", "x.txt", "What does a ticket cost?"]) == 0
    out = capsys.readouterr().out
    assert "A ticket costs 84 crowns. [1]" in out
    assert "[1] Ticket prices rise by 12 percent to 84 crowns." in out


def test_ask_prints_a_refusal_with_the_nearest_passages(
    opened: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    opened("NOT IN ARTICLE")
    assert cli.main(["ask", "x.txt", "Who built the lighthouse?"]) == 0
    out = capsys.readouterr().out
    assert "does not answer" in out
    assert "Nearest:" in out


def test_ask_json_is_the_whole_answer(
    opened: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    opened("A ticket costs 84 crowns.")
    assert cli.main(["ask", "x.txt", "Price?", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert {"question", "standalone", "claims", "citations", "retrieved", "timings"} <= set(answer)


def test_without_a_question_it_chats_and_remembers(
    opened: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened("A ticket costs 84 crowns.", "What did it cost before?", "NOT IN ARTICLE")
    lines = iter(["What does a ticket cost?", "And before?", ""])
    monkeypatch.setattr("builtins.input", lambda _: next(lines))
    assert cli.main(["ask", "x.txt"]) == 0
    out = capsys.readouterr().out
    assert out.index("84 crowns") < out.index("does not answer")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["ask", "missing.txt", "Why?"], "No such file"),
        (["index", "missing.txt"], "No such file"),
        (["ui", "missing.txt"], "No such file"),
        (["ask", "missing.txt", "--json"], "needs a question"),
        (["ask", "missing.txt", "?!"], "no question"),
        (["ui", "missing.txt", "--port", "99999"], "ASSISTANT_PORT is 99999"),
    ],
)
def test_a_users_mistake_is_one_line_and_exit_2(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == 2
    error = capsys.readouterr().err
    assert says in error
    assert "Traceback" not in error


def test_an_unknown_setting_is_exit_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ASSISTANT_MODLE", "x")
    assert cli.main(["doctor"]) == 2
    assert "ASSISTANT_MODLE" in capsys.readouterr().err


def test_an_unreachable_endpoint_is_exit_2(
    ferry: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ASSISTANT_LLM_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("ASSISTANT_DATA_DIR", str(tmp_path))
    assert cli.main(["ask", ferry, "Why?"]) == 2
    assert "cannot be reached" in capsys.readouterr().err


def test_a_model_that_is_no_model_is_exit_2(
    ferry: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ASSISTANT_LLM", ferry)
    assert cli.main(["ask", ferry, "Why?"]) == 2
    assert "not a GGUF" in capsys.readouterr().err


def test_index_says_what_was_done_and_delete_undoes_it(
    ferry: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ASSISTANT_DATA_DIR", str(tmp_path / "data"))
    outputs = []
    for arguments in (
        ["index", ferry],
        ["index", ferry],
        ["index", ferry, "--delete"],
        ["index", ferry],
    ):
        assert cli.main(arguments) == 0
        outputs.append(capsys.readouterr().out)
    assert "indexed: Ferry to Skarholm" in outputs[0]
    assert "was indexed already" in outputs[1]
    assert "not in the index" in outputs[2]
    assert "was indexed already" not in outputs[3]


def test_without_a_model_ask_quotes_the_article(
    ferry: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ASSISTANT_LLM", "none")
    monkeypatch.setenv("ASSISTANT_DATA_DIR", str(tmp_path))
    assert cli.main(["ask", ferry, "How many inhabitants does the island have?"]) == 0
    assert "The island has 640 inhabitants. [1]" in capsys.readouterr().out


def test_help_does_not_wait_for_the_models() -> None:
    code = (
        "import sys; from ui.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "slow = {'torch', 'gradio', 'chromadb', 'llama_index', 'sentence_transformers'}\n"
        "print('LOADED', sorted(slow & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "LOADED []" in run.stdout


def test_doctor_finds_what_is_wrong_and_says_how_to_mend_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ASSISTANT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ASSISTANT_LLM_BASE_URL", "http://127.0.0.1:9/v1")
    assert cli.main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "BAD  endpoint: " in out
    assert "ASSISTANT_LLM_BASE_URL" in out
    assert f"ok   data: {tmp_path} (0 articles)" in out
    monkeypatch.delenv("ASSISTANT_LLM_BASE_URL")
    monkeypatch.setenv("ASSISTANT_LLM", "none")
    assert cli.main(["doctor"]) == 0


def test_doctor_checks_that_a_model_file_is_one(
    ferry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ASSISTANT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ASSISTANT_LLM", ferry)
    assert cli.main(["doctor"]) == 1
    assert "not a GGUF" in capsys.readouterr().out


@pytest.mark.model
def test_doctor_is_content_with_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ASSISTANT_DATA_DIR", str(tmp_path))
    assert cli.main(["doctor"]) == 0
    assert "Qwen2.5-Coder-1.5B" in capsys.readouterr().out
