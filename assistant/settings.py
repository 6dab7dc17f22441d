"""What can be set, in the environment or a .env file, all with the prefix ASSISTANT_."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import platformdirs
from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from index import SettingsError

PREFIX = "ASSISTANT_"
APP = "article-assistant"


class Settings(BaseSettings):
    """All settings. Read once, by `read()`, and passed on; nothing else reads the environment."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True
    )

    llm: str = Field(
        default="packaged",
        description="packaged (Qwen2.5-Coder 1.5B), a .gguf path, hf:owner/repo/file.gguf, none, "
        "or, with llm_base_url, the model's name there.",
    )
    llm_base_url: str = Field(
        default="", description="An OpenAI-compatible endpoint, such as http://127.0.0.1:11434/v1."
    )
    llm_api_key: SecretStr = Field(default=SecretStr(""), description="The endpoint's key.")
    llm_revision: str = Field(
        default="", description="For hf: the commit (40 hexadecimal digits). Required there."
    )
    llm_sha256: str = Field(
        default="", description="Refuse a model file with another SHA-256 than this."
    )
    llm_timeout: float = Field(
        default=300.0, gt=0, description="Seconds without a sign of life before giving up."
    )
    llm_context: int = Field(
        default=0,
        ge=0,
        description="Context window in tokens; 0 reads it from the model (at most 16384 locally).",
    )
    llm_threads: int = Field(
        default=0, ge=0, description="Threads for the local model; 0 is one per core."
    )
    strictness: Literal["strict", "balanced", "open"] = Field(
        default="balanced", description="How sure to be before answering rather than refusing."
    )
    checker: str = Field(
        default="packaged",
        description="What checks sentences beside their words: packaged, none, or the hub name or "
        "folder of a cross-encoder.",
    )
    checker_revision: str = Field(default="", description="The hub commit of that model.")
    embedding_model: str = Field(
        default="all-MiniLM-L6-v2", description="The packaged model, a folder, or a hub name."
    )
    embedding_revision: str = Field(default="", description="The hub commit of that model.")
    data_dir: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir(APP)),
        description="Where the index is kept; :memory: keeps nothing.",
    )
    cache_dir: Path = Field(
        default_factory=lambda: Path(platformdirs.user_cache_dir(APP)),
        description="Where the model file is put together.",
    )
    chroma_url: str = Field(default="", description="A Chroma server, instead of data_dir.")
    host: str = Field(default="127.0.0.1", description="The page's address.")
    port: int = Field(default=7860, ge=0, le=65535, description="The page's port; 0 takes any.")
    auth: SecretStr = Field(
        default=SecretStr(""),
        description="name:password for the page; needed when host is not this machine alone.",
    )
    mcp: bool = Field(
        default=False, description="Offer ask, quote and open_article as tools of an MCP server."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="WARNING", description="How much is logged."
    )


def read(**given: object) -> Settings:
    """The settings from the environment and .env, with `given` above them.

    Raises SettingsError for a value that is out of range and for a prefixed name that is none:
    pydantic-settings ignores a misspelt variable even where extra ones are forbidden.
    """
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    named = {*os.environ, *dotenv_values(".env")}
    unknown = sorted(n for n in named if n.upper().startswith(PREFIX) and n.upper() not in known)
    if unknown:
        raise SettingsError(f"Unknown setting {unknown[0]!r}. Known: {', '.join(sorted(known))}.")
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + str(first["loc"][0]).upper()
        raise SettingsError(f"{name} is {first['input']!r}: {first['msg']}.") from None
