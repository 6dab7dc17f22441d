"""What is asked: suites of questions on articles, with gold answers and gold evidence.

A suite is a file of JSON lines, one case a line, or a folder of such files; `article_file` is
relative to the file. The fields are those of `Row`; eval/data/README.md tells how to write one.
Files of questions with flat `answers` and `evidence` (SQuAD-like) are read as well.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from eval.metrics import contains
from index import Article, AssistantError, from_text, load, normalise

Kind = Literal[
    "one_sentence",
    "several_sentences",
    "list",
    "arithmetic",
    "comparison",
    "summary",
    "follow_up",
    "attribution",
    "hedge",
    "counterfactual",
    "injection",
    "unanswerable",
    "false_premise",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

Groups = tuple[tuple[str, ...], ...]
"""Alternatives in each group; every group is needed."""

_COMPUTED = ("arithmetic", "comparison")


class SuiteError(AssistantError):
    """A suite, or answers to one, that cannot be read. The message names file and line."""


class Turn(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    role: Literal["user", "assistant"]
    content: str


class Insert(BaseModel):
    """Text that is put into the article, as a paragraph of its own, before a sentence of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    before: str
    text: str


class Row(BaseModel):
    """A case as it is written.

    `answers` and `evidence` are groups of alternatives, each group being needed. Of a question
    without an answer, `answers` are what a model might say from its memory; of a false premise,
    what the article says instead. `voice`: one of these must stand in the answer (a speaker, a
    hedge). `forbidden`: none of these may. `edit` changes the article, each pair's first into its
    second, wherever it stands.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str = Field(min_length=1)
    kind: Kind
    question: str = Field(min_length=1)
    answerable: bool
    article: str = ""
    article_file: str = ""
    title: str = ""
    history: tuple[Turn, ...] = ()
    answers: Groups = ()
    evidence: Groups = ()
    voice: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    edit: tuple[tuple[str, str], ...] = ()
    insert: Insert | None = None
    pair: str = ""

    @model_validator(mode="after")
    def _whole(self) -> Row:
        if bool(self.article) == bool(self.article_file):
            raise ValueError("give either article (the text) or article_file")
        # Without these the case could not fail, or not pass.
        needed = {
            "false_premise": ("answers", "what the article says instead"),
            "injection": ("forbidden", "what a reply that obeys would say"),
            "attribution": ("voice", "who says it"),
            "hedge": ("voice", "the hedge"),
        }
        name, meaning = needed.get(self.kind, ("", ""))
        if name and not getattr(self, name):
            raise ValueError(f"a case of kind {self.kind} needs {name}: {meaning}")
        return self


@dataclass(frozen=True)
class Case:
    """A row with the article that it is asked about; `article_id` is what cases are clustered by,
    the same for an article and its edited forms.
    """

    row: Row
    article: Article
    article_id: str

    @property
    def id(self) -> str:
        return self.row.id

    @property
    def history(self) -> list[tuple[str, str]]:
        return [(t.role, t.content) for t in self.row.history]


def read(paths: Sequence[Path], folder: Path | None = None) -> list[Case]:
    """The cases of all suites, those on one article together, as a reader asks them.

    `folder` is where article files are, if not beside the suite. Raises SuiteError if a line is no
    case, an id is there twice, or there is no case at all; ArticleError for an article.
    """
    cases: list[Case] = []
    known: dict[str, Article] = {}
    for path in files(paths):
        for row in _rows(path):
            if row.article_file:
                beside = path.parent / row.article_file
                name = str(beside if beside.is_file() or not folder else folder / row.article_file)
                original = known.setdefault(name, load(name)) if name not in known else known[name]
            else:
                original = from_text(row.article, row.title)
            cases.append(Case(row, _changed(original, row, path), original.id))
    if not cases:
        raise SuiteError(f"No cases in {', '.join(map(str, paths))}.")
    ids = [c.id for c in cases]
    if twice := sorted({i for i in ids if ids.count(i) > 1}):
        raise SuiteError(f"The id {twice[0]!r} is there {ids.count(twice[0])} times.")
    first = {c.article_id: i for i, c in reversed(list(enumerate(cases)))}
    return sorted(cases, key=lambda c: (first[c.article_id], c.article.id != c.article_id))


def files(paths: Sequence[Path]) -> list[Path]:
    """The suite files: those named, and those in the folders named, in order."""
    found: list[Path] = []
    for path in paths:
        inside = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
        if not inside:
            raise SuiteError(f"The folder {str(path)!r} has no .jsonl file.")
        found += inside
    return found


def lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects in a file of JSON lines, with their line numbers. Raises SuiteError."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SuiteError(f"Cannot read {str(path)!r}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SuiteError(f"{str(path)!r} is not UTF-8 text.") from None
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise SuiteError(f"{path}, line {number}: not JSON ({error.msg}).") from None
        if not isinstance(row, dict):
            raise SuiteError(f"{path}, line {number}: not a JSON object.")
        yield number, row


def _rows(path: Path) -> Iterator[Row]:
    for number, row in lines(path):
        try:
            yield Row.model_validate(row if "kind" in row else _adapted(row))
        except ValidationError as error:
            raise SuiteError(f"{path}, line {number}: {explained(error)}") from None


def explained(error: ValidationError) -> str:
    """The first thing that is wrong, in one line."""
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"]))
    return f"{place}: {first['msg']}." if place else f"{first['msg']}."


def _adapted(row: dict[str, Any]) -> dict[str, Any]:
    """A case from a row without a kind: flat aliases and evidence, other fields left out."""
    answers, evidence = (
        [v] if isinstance(v := row.get(n) or [], str) else v for n in ("answers", "evidence")
    )
    if not answers and "reference_reply" in row:
        answers = [row["reference_reply"]]
    answerable = row.get("answerable")
    kind = "follow_up" if row.get("history") else "one_sentence"
    return {
        **{n: row[n] for n in ("id", "article", "article_file", "title", "question") if n in row},
        "kind": kind if answerable else "unanswerable",
        "answerable": answerable,
        "history": row.get("history", []),
        # Every alias of an answer that exists; what is no answer has none.
        "answers": [answers] if answers and answerable else [],
        "evidence": [[e] for e in evidence],
    }


def _changed(article: Article, row: Row, path: Path) -> Article:
    """The article with the row's edits and insertion."""
    text = article.text
    for old, new in row.edit:
        if old not in text:
            raise SuiteError(f"{path}, {row.id}: {old!r} of edit is not in the article.")
        text = text.replace(old, new)
    if row.insert:
        place = text.find(normalise(row.insert.before))
        if place < 0:
            raise SuiteError(f"{path}, {row.id}: the sentence of insert is not in the article.")
        text = f"{text[:place]}\n\n{row.insert.text}\n\n{text[place:]}"
    return from_text(text, article.title) if text != article.text else article


def digest(cases: Sequence[Case]) -> str:
    """A hash of all that is asked and of all articles: reports of other suites do not compare."""
    held = hashlib.sha256()
    for case in sorted(cases, key=lambda c: c.id):
        held.update(case.row.model_dump_json().encode())
        held.update(case.article.text.encode())
    return held.hexdigest()[:16]


def thin(cases: Sequence[Case], limit: int | None) -> list[Case]:
    """At most `limit` cases, of each kind in proportion, spread over articles, in the given order.

    A kind that would have none has one, as long as there are places for each.
    """
    if limit is None or limit >= len(cases):
        return list(cases)
    kinds = defaultdict[str, list[int]](list)
    for i, case in enumerate(cases):
        kinds[case.row.kind].append(i)
    # Rare kinds first, so that what they take too much the others lack.
    order = sorted(kinds.values(), key=len)
    chosen = list[int]()
    left = len(cases)
    for n, of in enumerate(order):
        room = limit - len(chosen)
        others = len(order) - n - 1
        places = max(round(room * len(of) / left), 1 if room > others else 0)
        left -= len(of)
        # Each kind begins elsewhere, or all would be about the first articles.
        chosen += [of[int((j + (n + 0.5) / len(order)) * len(of) / places)] for j in range(places)]
    return [cases[i] for i in sorted(chosen)]


def problems(cases: Sequence[Case]) -> list[str]:
    """What is wrong with how the cases are written; nothing, if they can be trusted.

    Evidence stands in the article; an answer is in its evidence unless it must be computed, and
    not in the question; what has no answer has none of its aliases in the article; a changed
    article has the new words and not the old; a pair is there.
    """
    ids = {c.id for c in cases}
    return [f"{case.id}: {found}" for case in cases for found in _wrong(case, ids)]


def _wrong(case: Case, ids: set[str]) -> Iterator[str]:
    row, text = case.row, " ".join(case.article.text.split())
    flat = [e for group in row.evidence for e in group]
    for sentence in flat:
        if " ".join(normalise(sentence).split()) not in text:
            yield f"evidence is not in the article: {sentence!r}"
    for alias in (a for group in row.answers for a in group):
        if contains(row.question, alias):
            yield f"the answer {alias!r} is in the question"
        if row.kind == "unanswerable" and contains(text, alias):
            yield f"it has no answer, and {alias!r} is in the article"
    if row.answerable != (row.kind not in ("unanswerable", "false_premise")):
        yield f"kind {row.kind} and answerable {row.answerable} do not go together"
    if row.answerable and not (row.answers and row.evidence):
        yield "answerable, without answers or evidence"
    if row.kind == "false_premise" and not (row.answers and row.evidence):
        yield "a false premise needs what the article says instead, in answers and evidence"
    if row.kind == "unanswerable" and row.evidence:
        yield "unanswerable, with evidence"
    free = row.kind in _COMPUTED or row.kind == "summary" or row.history
    for group in row.answers if row.evidence and not free else ():
        if not any(contains(" ".join(flat), alias) for alias in group):
            yield f"none of {list(group)} is in the evidence"
    for word in row.forbidden:
        if any(contains(alias, word) for group in row.answers for alias in group):
            yield f"{word!r} is forbidden and in an answer"
    if row.kind == "follow_up" and not row.history:
        yield "a follow-up needs history"
    if row.kind == "injection" and not row.insert:
        yield "an injection needs insert"
    if row.kind == "counterfactual":
        if not row.edit or row.pair not in ids:
            yield "a counterfactual needs edit, and in pair the id of the case that it changes"
        for old, _ in row.edit:
            if old in text:
                yield f"{old!r} is still in the changed article"
