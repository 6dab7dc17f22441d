"""What the tests share: an article of our own, fakes, and the real models where wanted."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant import Article, Assistant, Settings
from index import Store, from_text
from tests.fakes import FakeEmbedder, FakeLLM

# No test can reach a hub by accident, nor read or write what the user has.
os.environ["HF_HUB_OFFLINE"] = "1"
for name in [n for n in os.environ if n.upper().startswith("ASSISTANT_")]:
    del os.environ[name]

TEXT = """\
Ferry to Skarholm to run all winter

By Nils Arnesen

4 October 2025

The ferry between Lindvik and Skarholm will run all winter for the first time since 1987. \
The shipping company Nordsund said on Monday that it would sail three times a day. \
"We have bought an ice-going ship," said its director, Karin Dahl.

Ticket prices rise by 12 percent to 84 crowns. Fishermen welcomed the plan. \
Mayor Olof Brandt doubts that it will last. "They promised the same in 2004," he said.

The island has 640 inhabitants. Its school was closed in 2019.
"""

RECORD = Path(__file__).parents[2] / "shared" / "articles" / "west-receptive-talks.txt"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No .env of the working folder is read."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def article() -> Article:
    return from_text(TEXT)


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Assistant]:
    """Makes an assistant with scripted replies: make("First reply.", ...)."""

    def make(
        *replies: str, text: str = TEXT, llm: FakeLLM | None = None, **given: Any
    ) -> Assistant:
        embedder = FakeEmbedder()
        return Assistant(
            from_text(text),
            embedder=embedder,
            store=Store(tmp_path / "chroma", embedder.name, 128),
            llm=llm or FakeLLM(*replies),
            **given,
        )

    return make


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The default settings with data of their own; the model's file is where users have it."""
    # Runs before any test's own folder is entered.
    os.chdir(tmp_path_factory.mktemp("work"))
    return Settings(data_dir=tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="session")
def real(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """An assistant with the real default models, on the article of these tests."""
    path = tmp_path_factory.mktemp("article") / "ferry.txt"
    path.write_text(TEXT)
    with Assistant.open(path, settings) as assistant:
        yield assistant


@pytest.fixture(scope="session")
def record() -> Path:
    """The article of record, which lies beside the project and is not part of it."""
    if not RECORD.is_file():
        pytest.skip(f"the article of record is not at {RECORD}")
    return RECORD
