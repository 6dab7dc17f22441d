"""Answers questions about an article, each sentence with the words of the article it rests on."""

from assistant.answer import Answer, Assistant
from assistant.citations import Citation
from assistant.llm import LLM, Message
from assistant.review import Claim
from assistant.settings import Settings, read
from index import (
    Article,
    ArticleError,
    AssistantError,
    ModelError,
    QuestionError,
    RetrievedChunk,
    SettingsError,
    Span,
    StoreError,
)

__all__ = [
    "LLM",
    "Answer",
    "Article",
    "ArticleError",
    "Assistant",
    "AssistantError",
    "Citation",
    "Claim",
    "Message",
    "ModelError",
    "QuestionError",
    "RetrievedChunk",
    "Settings",
    "SettingsError",
    "Span",
    "StoreError",
    "read",
]
