"""Errors whose message can be shown to a reader as it is: what happened, and what to do.

    AssistantError
    ├── ArticleError    the article cannot be read or used
    ├── QuestionError   the question cannot be used
    ├── ModelError      a model is missing, damaged, unreachable or answers nonsense
    ├── StoreError      the index on disk cannot be opened or written
    └── SettingsError   a setting is unknown or has an impossible value

Anything else that is raised is a bug and keeps its traceback.
"""


class AssistantError(Exception):
    """The base of every error that is meant for the reader."""


class ArticleError(AssistantError):
    """The article cannot be read or used."""


class QuestionError(AssistantError):
    """The question cannot be used."""


class ModelError(AssistantError):
    """A model is missing, damaged, unreachable or answers nonsense."""


class StoreError(AssistantError):
    """The index on disk cannot be opened or written."""


class SettingsError(AssistantError):
    """A setting is unknown or has an impossible value."""
