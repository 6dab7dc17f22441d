"""Who is asked: the assistant, a stock pipeline, or a file of answers; and what they reply."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

import assistant as package
import index
from assistant import Answer, Assistant, AssistantError, Claim, Settings
from assistant.answer import is_refusal
from assistant.engine import open_checker, open_embedder, open_llm, open_store
from assistant.gate import Strictness
from assistant.llm import Endpoint
from assistant.models import QWEN_1_5B
from assistant.settings import read as read_settings
from eval.cases import Case, SuiteError, explained, lines
from eval.replay import Replay
from index import Article, from_text, sentence_spans
from index.embedding import name_of


class Sentence(BaseModel):
    """A sentence of an answer and the quotes it cites; a system's own verdict and score of it, if
    it has them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    text: str
    citations: tuple[str, ...] = ()
    verdict: str = ""
    score: float | None = None


class Reply(BaseModel):
    """What a system said to the case of that id: the schema of --answers, a line each.

    Only `id` and `answer` are needed. Without `sentences` the answer is divided, and cites nothing;
    without `abstained` it is seen from the text. `retrieved` are the passages found, best first.
    `confidence`: how sure the system is that the article answers. `rejected` are sentences it held
    back. `error`: it failed to reply.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    id: str
    answer: str
    sentences: tuple[Sentence, ...] | None = None
    abstained: bool | None = None
    retrieved: tuple[str, ...] = ()
    confidence: float | None = None
    rejected: tuple[Sentence, ...] = ()
    seconds: float | None = None
    error: str = ""

    @property
    def refused(self) -> bool:
        return refuses(self.answer) if self.abstained is None else self.abstained

    def said(self, language: str = "en") -> tuple[Sentence, ...]:
        """The sentences of the answer; none if it is a refusal."""
        if self.refused:
            return ()
        if self.sentences is not None:
            return self.sentences
        text = self.answer
        return tuple(Sentence(text=text[s.start : s.end]) for s in sentence_spans(text, language))


_HOWEVER = re.compile(r"[,;:] (?:but|however|although|though|yet|only)\b", re.IGNORECASE)
_GIVEN = r"(?:provided|given|available|supplied)"
_MATERIAL = r"(?:documents?|context|information|texts?|passages?|excerpts?|articles?|sources?)"
_UNKNOWN = re.compile(
    rf"\b(?:not|n[’']t|never|no(?:thing|where)?)\b.{{0,60}}\b{_GIVEN} {_MATERIAL}\b"
    rf"|\b(?:{_GIVEN} {_MATERIAL}|context|texts?|passages?|excerpts?)\b.{{0,20}}\b(?:do|does)"
    r"(?: not|n[’']t)\s+(?:\w+ly )?(?:say|state|mention|specify|provide|give|tell|contain|indicate|"
    r"discuss|answer|explain|describe|identify|include|address|name)\b"
    r"|\bI(?: am|[’']m)? (?:do not|don[’']t|cannot|can[’']t|could not|couldn[’']t|not able to|"
    r"unable to) (?:know|find|answer|determine|tell|say)\b"
    r"|^(?:it )?(?:cannot|can[’']t) be (?:determined|answered|found|inferred)\b"
    r"|\b(?:artikel|text|beitrag|bericht)\s(?:\w+ ){0,2}?(?:sagt|nennt|erwähnt|enthält|beantwortet|"
    r"gibt|macht|liefert)\s(?:\w+ ){0,3}?(?:nicht|nichts|keine\w*|kein)\b"
    r"|\b(?:nicht|keine (?:angaben?|informationen?))\s(?:\w+ ){0,3}?(?:im|in dem|in diesem) "
    r"(?:artikel|text|beitrag|bericht)\b"
    r"|\b(?:art[ií]culo|texto) no (?:lo |se )?(?:dice|menciona|indica|especifica|responde|contiene|"
    r"proporciona|da|explica|aclara)\b"
    r"|\bno (?:se (?:dice|menciona|indica|especifica)|hay informaci[oó]n)\b"
    r"|\b(?:article|texte) ne (?:le |la |l[’'])?\w+ pas\b",
    re.IGNORECASE,
)
"""How other systems say that they have no answer, beside what `is_refusal` knows."""


def refuses(text: str) -> bool:
    """Whether `text` says, in each of its sentences, that there is no answer; one that goes on to
    tell something is an answer.
    """
    spans = sentence_spans(text)
    said = [text[s.start : s.end] for s in spans]
    return bool(said) and all(
        (is_refusal(s) or bool(_UNKNOWN.search(s))) and not _HOWEVER.search(s) for s in said
    )


Ask = Callable[[Case], Reply]


def replied(case_id: str, answer: Answer, seconds: float | None = None) -> Reply:
    """An answer of the assistant as the reply to the case of that id."""
    return Reply(
        id=case_id,
        answer=answer.text,
        sentences=tuple(map(_sentence, answer.claims)),
        abstained=answer.abstained,
        retrieved=tuple(r.chunk.text for r in answer.retrieved),
        confidence=round(answer.confidence, 4),
        rejected=tuple(map(_sentence, answer.rejected)),
        seconds=seconds,
    )


def _sentence(claim: Claim) -> Sentence:
    return Sentence(
        text=claim.text,
        citations=tuple(c.quote for c in claim.citations),
        verdict=claim.verdict,
        score=claim.score,
    )


def open_models(
    replay: Path | None = None,
    strictness: Strictness | float | None = None,
    settings: Settings | None = None,
) -> Assistant:
    """An assistant that others share the models of; with `replay`, known replies are not waited
    for. Nothing is left in the user's index.
    """
    settings = (settings or read_settings()).model_copy(update={"data_dir": Path(":memory:")})
    llm = open_llm(settings)
    return Assistant(
        from_text("This is only here to load the models."),
        embedder=open_embedder(settings),
        store=open_store(settings),
        llm=Replay(llm, replay) if replay and llm else llm,
        checker=open_checker(settings),
        strictness=settings.strictness if strictness is None else strictness,
    )


def on_articles(models: Assistant, cases: Sequence[Case]) -> Iterator[tuple[Case, Assistant]]:
    """Each case with the assistant on its article; those on one article come together."""
    on: Assistant | None = None
    for case in cases:
        if on is None or on.article.id != case.article.id:
            on = models.on(case.article)
        yield case, on


def ask_assistant(models: Assistant) -> Ask:
    """Asks the assistant itself."""
    on = models

    def ask(case: Case) -> Reply:
        nonlocal on
        start = time.perf_counter()
        try:
            if on.article.id != case.article.id:
                on = models.on(case.article)
            answer = on.ask(case.row.question, case.history)
        except AssistantError as error:
            return Reply(id=case.id, answer="", error=str(error))
        return replied(case.id, answer, round(time.perf_counter() - start, 2))

    return ask


def ask_stock(models: Assistant, settings: Settings) -> Ask:
    """Asks llama-index's default chat engine, with the same two models."""
    try:
        from eval.stock import Stock
    except ImportError as error:
        raise SuiteError(
            f"The stock pipeline is not installed ({error.name}). Run `make test`, or "
            "`pip install -e '.[local,test]'`."
        ) from None
    if not isinstance(models.llm, Endpoint):
        raise SuiteError("The stock pipeline needs a language model; ASSISTANT_LLM is none.")
    stock = Stock(models.llm, settings.embedding_model)
    current: Article | None = None

    def ask(case: Case) -> Reply:
        nonlocal current
        start = time.perf_counter()
        if current is not case.article:
            stock.read(case.article.text)
            current = case.article
        try:
            text, sources = stock.ask(case.row.question, case.history)
        except Exception as error:  # Whatever goes wrong there is its failure, and counted.
            return Reply(id=case.id, answer="", error=f"{type(error).__name__}: {error}")
        spans = sentence_spans(text, case.article.language)
        return Reply(
            id=case.id,
            answer=text,
            sentences=tuple(
                Sentence(text=text[s.start : s.end], citations=tuple(sources)) for s in spans
            ),
            abstained=refuses(text),
            retrieved=tuple(sources),
            seconds=round(time.perf_counter() - start, 2),
        )

    return ask


def from_file(path: Path, cases: Sequence[Case], others: Collection[str] = ()) -> dict[str, Reply]:
    """The replies in a file of JSON lines, by id; it may have some to the cases `others`.

    Raises SuiteError if a line is no reply, an id is none of the suite's or there twice, or a case
    has no reply: a case that is left out is no pass.
    """
    ids = {c.id for c in cases}
    found: dict[str, Reply] = {}
    for number, row in lines(path):
        try:
            reply = Reply.model_validate(row)
        except ValidationError as error:
            raise SuiteError(f"{path}, line {number}: {explained(error)}") from None
        if reply.id not in ids and reply.id not in others:
            raise SuiteError(f"{path}, line {number}: the suite has no case {reply.id!r}.")
        if reply.id in found:
            raise SuiteError(f"{path}, line {number}: a second reply to {reply.id!r}.")
        found[reply.id] = reply
    if missing := sorted(ids - set(found)):
        raise SuiteError(
            f"{path} has no reply to {len(missing)} of {len(ids)} cases (first {missing[0]!r}). "
            'Write {"id": ..., "answer": "", "error": "why"} for one that failed.'
        )
    return found


def model_digest(settings: Settings) -> str:
    """What answers: the model, its file's digest where it is known, and the other models."""
    if settings.llm == "packaged":
        llm = QWEN_1_5B.sha256[:12]
    elif settings.llm.endswith(".gguf") and Path(settings.llm).is_file():
        llm = _file_digest(Path(settings.llm))[:12]
    else:
        llm = settings.llm_sha256[:12]
    checker = settings.checker
    if settings.checker_revision:
        checker = f"{checker}@{settings.checker_revision}"
    embedder = name_of(settings.embedding_model, settings.embedding_revision)
    return "; ".join(
        [
            f"llm {settings.llm}{'@' + settings.llm_revision if settings.llm_revision else ''}"
            f"{'#' + llm if llm else ''}",
            f"embedder {embedder}",
            f"checker {checker}",
        ]
    )


@cache
def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


_SHAPING = ("strictness", "llm_base_url", "llm_context")


def shape(settings: Settings, system: str) -> dict[str, str]:
    """The settings that shape answers, beside the models."""
    return {"system": system, **{n: str(getattr(settings, n)) for n in _SHAPING}}


@cache
def code_digest() -> str:
    """A hash of the source that answers: kept replies of other code are not used."""
    held = hashlib.sha256()
    for module in (package, index):
        for path in sorted(Path(str(module.__file__)).parent.iterdir()):
            if path.suffix in (".py", ".json", ".safetensors", ".gguf"):
                held.update(path.read_bytes())
    return held.hexdigest()[:16]


class Kept:
    """Replies kept in a file, by article, question, settings, models and code.

    So a run that was stopped goes on where it was, and one that changes nothing costs nothing.
    """

    def __init__(self, path: Path, settings: Settings, system: str, fresh: bool = False) -> None:
        self._path = path
        self._run = [shape(settings, system), model_digest(settings), code_digest()]
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if fresh:
                path.unlink(missing_ok=True)
            path.touch()
        except OSError as error:
            raise SuiteError(
                f"Replies cannot be kept in {str(path.parent)!r}: {error.strerror}. Set "
                "ASSISTANT_CACHE_DIR to a folder that can be written to."
            ) from None
        self._known: dict[str, str] = {}
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                self._known.update([json.loads(line)])
            except (ValueError, TypeError):
                continue  # The line that was being written when a run was stopped.

    def __contains__(self, case: Case) -> bool:
        return self._key(case) in self._known

    def ask(self, case: Case, ask: Ask) -> Reply:
        """The kept reply, or that of `ask`, which is kept unless it failed."""
        key = self._key(case)
        if key not in self._known:
            reply = ask(case)
            if reply.error:
                return reply
            self._known[key] = reply.model_dump_json()
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{json.dumps([key, self._known[key]])}\n")
        return Reply.model_validate_json(self._known[key]).model_copy(update={"id": case.id})

    def _key(self, case: Case) -> str:
        asked = [case.article.text, case.article.title, case.history, case.row.question, self._run]
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()
