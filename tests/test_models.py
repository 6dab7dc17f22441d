import hashlib
import importlib.metadata
import multiprocessing
from pathlib import Path
from typing import Any

import pytest

from assistant import ModelError
from assistant.models import PackagedModel, assemble, check_digest, download
from index.embedding import PACKAGED, locate

PARTS = [b"GGUF one", b"two", b"three"]
WHOLE = b"".join(PARTS)


class Installed:
    """Stands in for the metadata of an installed package with one data file."""

    def __init__(self, folder: Path, name: str) -> None:
        self._path = folder / f"{name}.bin"

    @property
    def files(self) -> list[Any]:
        class File:
            name = self._path.name

            @staticmethod
            def locate(path: Path = self._path) -> Path:
                return path

        return [File()]


def model(sha256: str = hashlib.sha256(WHOLE).hexdigest()) -> PackagedModel:
    return PackagedModel("tiny", "tiny-part{}", len(PARTS), len(WHOLE), sha256)


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "parts"
    folder.mkdir()
    for number, data in enumerate(PARTS, 1):
        (folder / f"tiny-part{number}.bin").write_bytes(data)

    def distribution(name: str) -> Installed:
        if not (folder / f"{name}.bin").exists():
            raise importlib.metadata.PackageNotFoundError(name)
        return Installed(folder, name)

    monkeypatch.setattr(importlib.metadata, "distribution", distribution)
    return folder


def test_parts_are_joined_in_number_order_with_progress(parts: Path, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    path = assemble(model(), tmp_path / "cache", lambda *step: seen.append(step))
    assert path.read_bytes() == WHOLE
    assert seen[-1][1:] == (len(WHOLE), len(WHOLE))
    written = path.stat().st_mtime_ns
    assert assemble(model(), tmp_path / "cache").stat().st_mtime_ns == written


def test_another_digest_is_refused_and_both_are_named(parts: Path, tmp_path: Path) -> None:
    (parts / "tiny-part2.bin").write_bytes(b"TWO")
    actual = hashlib.sha256(b"GGUF oneTWOthree").hexdigest()
    with pytest.raises(ModelError, match=f"{actual}.*{model().sha256}"):
        assemble(model(), tmp_path / "cache")
    assert [p for p in (tmp_path / "cache").iterdir() if p.suffix != ".lock"] == []


def test_missing_parts_are_named_with_the_remedy(parts: Path, tmp_path: Path) -> None:
    (parts / "tiny-part3.bin").unlink()
    with pytest.raises(ModelError, match=r"1 of its 3 parts are missing .*make install"):
        assemble(model(), tmp_path / "cache")


def test_what_a_killed_process_left_is_not_trusted(parts: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / ".tiny-abc.part").write_bytes(WHOLE[:5])
    name = f"tiny-{model().sha256[:12]}.gguf"
    (cache / name).write_bytes(WHOLE[:5])
    path = assemble(model(), cache)
    assert path.read_bytes() == WHOLE
    assert not list(cache.glob("*.part")) + list(cache.glob(".*.part"))


def test_a_full_disk_is_told_and_leaves_nothing(
    parts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    usage = shutil.disk_usage(tmp_path)._replace(free=10)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(ModelError, match=r"0\.0 GB are free.*ASSISTANT_CACHE_DIR"):
        assemble(model(), tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("*.gguf"))


def test_a_disk_that_fills_while_writing_is_told(
    parts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ModelError, match=r"No space left on device\. Free some space"):
        assemble(model(), tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("*.gguf"))
    assert not list((tmp_path / "cache").glob(".*.part"))


def _assemble(cache: Path, results: Any) -> None:
    results.put(str(assemble(model(), cache)))


def test_two_processes_make_one_file(parts: Path, tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    both = [context.Process(target=_assemble, args=(tmp_path / "cache", results)) for _ in "ab"]
    for process in both:
        process.start()
    for process in both:
        process.join(30)
    assert results.get(timeout=5) == results.get(timeout=5)
    assert len(list((tmp_path / "cache").glob("*.gguf"))) == 1


def test_a_set_digest_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "own.gguf"
    path.write_bytes(WHOLE)
    check_digest(path, model().sha256.upper())
    with pytest.raises(ModelError, match=r"refused.*Delete"):
        check_digest(path, "0" * 64)


def test_the_packaged_embedding_model_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Path(locate(PACKAGED)).is_dir()
    monkeypatch.setattr("index.embedding._PACKAGE_SHA256", "0" * 64)
    with pytest.raises(ModelError, match="refused"):
        locate(PACKAGED)


def test_a_hub_file_needs_a_commit() -> None:
    with pytest.raises(ModelError, match=r"hf:owner/repo/file\.gguf"):
        download("hf:owner/file.gguf", "a" * 40)
    with pytest.raises(ModelError, match="ASSISTANT_LLM_REVISION"):
        download("hf:owner/repo/file.gguf", "main")


def test_a_hub_file_comes_from_the_hubs_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub's own client, offline, on a cache laid out as it lays it out."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.file_download.constants.HF_HUB_OFFLINE", True)
    revision = "c" * 40
    folder = tmp_path / "models--owner--repo" / "snapshots" / revision
    folder.mkdir(parents=True)
    (folder / "tiny.gguf").write_bytes(WHOLE)
    assert download("hf:owner/repo/tiny.gguf", revision).read_bytes() == WHOLE
    with pytest.raises(ModelError, match="hub does not give"):
        download("hf:owner/repo/other.gguf", revision)
