import os
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from index import Chunk, Retriever, Span, Store, StoreError, Vectors, from_text
from tests.fakes import FakeEmbedder


def chunks(article_id: str, n: int) -> list[Chunk]:
    return [Chunk(article_id, i, Span(i * 10, i * 10 + 6), f"text {i}") for i in range(n)]


def embed(texts: list[str]) -> Vectors:
    return np.eye(8, dtype=np.float32)[: len(texts)]


def fail(texts: list[str]) -> Vectors:
    raise AssertionError("nothing should be embedded")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, "model", 128)


def test_the_same_article_is_embedded_once(store: Store) -> None:
    assert store.add(chunks("a", 3), embed)
    assert not store.add(chunks("a", 3), fail)
    assert store.articles() == ["a"]


def test_what_an_interrupted_call_left_is_replaced(store: Store) -> None:
    store.add(chunks("a", 3), embed)
    store._chunks.delete(ids=["a:1"])
    assert not store.has("a", 3)
    assert store.add(chunks("a", 3), embed)
    assert store.has("a", 3)


def test_scores_are_similarities_and_only_of_the_article_asked_for(store: Store) -> None:
    store.add(chunks("a", 3), embed)
    store.add(chunks("b", 3), embed)
    found = store.query("b", embed(["x", "y"])[1], 3)
    assert [c.article_id for c, _ in found] == ["b"] * 3
    assert found[0][0] == chunks("b", 3)[1]
    assert [round(s, 5) for _, s in found] == [1.0, 0.0, 0.0]


def test_delete_really_deletes(store: Store, tmp_path: Path) -> None:
    store.add(chunks("a", 3), embed)
    store.add(chunks("b", 2), embed)
    store.delete("a")
    store.delete("a")
    assert store.articles() == ["b"]
    assert Store(tmp_path, "model", 128).articles() == ["b"]


def test_another_model_sees_another_collection(store: Store, tmp_path: Path) -> None:
    store.add(chunks("a", 3), embed)
    assert Store(tmp_path, "other model", 128).articles() == []
    assert Store(tmp_path, "model", 64).articles() == []


def test_a_changed_article_is_a_new_one(tmp_path: Path) -> None:
    embedder = FakeEmbedder()
    store = Store(tmp_path, embedder.name, 128)
    for text in ("The fee is 12 crowns today.", "The fee is 13 crowns today."):
        Retriever(from_text(text), store, embedder)
    assert len(store.articles()) == 2


def test_memory_keeps_nothing_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = Store(":memory:", "model", 128)
    store.add(chunks("in memory", 2), embed)
    assert "in memory" in store.articles()
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_folder_is_told_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "chroma.sqlite3").write_bytes(b"not a database at all, but somebody's file")
    with pytest.raises(StoreError, match="ASSISTANT_DATA_DIR"):
        Store(tmp_path, "model", 128)
    assert (tmp_path / "chroma.sqlite3").read_bytes().startswith(b"not a database")


def test_a_folder_of_a_newer_chroma_is_told_and_left_alone(tmp_path: Path) -> None:
    import sqlite3

    parts = ("sysdb", "metadb", "embeddings_queue")
    with sqlite3.connect(tmp_path / "chroma.sqlite3") as database:
        database.execute("CREATE TABLE migrations (dir, version INTEGER, filename, sql, hash)")
        for part in parts:
            database.execute(
                "INSERT INTO migrations VALUES (?, 1, '00001-future.sqlite.sql', 'x', 'y')", [part]
            )
    with pytest.raises(StoreError, match="this version of Chroma"):
        Store(tmp_path, "model", 128)
    with sqlite3.connect(tmp_path / "chroma.sqlite3") as database:
        rows = database.execute("SELECT dir, filename FROM migrations").fetchall()
    assert rows == [(p, "00001-future.sqlite.sql") for p in parts]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="Cannot open the index"):
        Store(tmp_path / "file" / "chroma", "model", 128)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="Cannot open the index"):
        Store(tmp_path / "chroma", "model", 128)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs Linux's /proc")
def test_a_place_where_even_root_cannot_write_is_told() -> None:
    with pytest.raises(StoreError, match="Cannot open the index"):
        Store("/proc/self/chroma", "model", 128)


def test_a_chroma_server_serves_as_a_folder_does(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = Path(sys.executable).parent / "chroma"
    run = [str(command), "run", "--path", str(tmp_path), "--host", "127.0.0.1", "--port", str(port)]
    with subprocess.Popen(run, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            for _ in range(100):
                with suppress(StoreError):
                    store = Store(f"http://127.0.0.1:{port}", "model", 128)
                    break
                time.sleep(0.2)
            assert store.add(chunks("a", 3), embed)
            assert not store.add(chunks("a", 3), fail)
            assert store.query("a", embed(["x", "y"])[1], 3)[0][0] == chunks("a", 3)[1]
            store.delete("a")
            assert store.articles() == []
        finally:
            server.terminate()
            server.wait(10)
    with pytest.raises(StoreError, match="Cannot read the index"):
        store.articles()


def test_a_server_that_is_not_there_is_told() -> None:
    with pytest.raises(StoreError, match="Cannot open the index"):
        Store("http://127.0.0.1:9", "model", 128)
