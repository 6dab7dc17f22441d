"""Questions to answers: the whole flow, for ask, stream, the command line, the page and eval."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from assistant import prompt
from assistant.citations import Attributor, Citation
from assistant.engine import open_embedder, open_llm, open_store
from assistant.followup import standalone
from assistant.llm import LLM, Message, ReplyCut
from assistant.models import Progress, no_progress
from assistant.sentences import SentenceStream
from assistant.settings import Settings, read
from assistant.verify import Verdict, verify
from index import (
    Article,
    Embedder,
    ModelError,
    QuestionError,
    RetrievedChunk,
    Retriever,
    Store,
    detect_language,
    from_text,
    load,
)

MAX_QUESTION = 2000
"""Characters. A longer text is no question about an article, and would crowd the article out."""

MAX_ANSWER_TOKENS = 256

REFUSE_ABOVE = 0.36
"""The probability of a refusal from which on the model is not asked to answer. See eval/README."""

_NEAREST = 3
_NEAREST_TOKENS = 120
"""A longer sentence is not repeated after the question; the model has it in the article."""

CUT = f"The answer was longer than {MAX_ANSWER_TOKENS} tokens and ends before its last sentence."

NO_ANSWER = "The article does not answer this question."


@dataclass(frozen=True)
class Claim:
    """One sentence of an answer, with the words it rests on and what the check found.

    `score` is in [0, 1]; `missing` are the words of the sentence that the evidence does not have.
    """

    text: str
    citations: tuple[Citation, ...]
    verdict: Verdict
    score: float
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What is known of an answer so far; each snapshot of a stream extends the one before.

    `text` is what is shown: the claims in order. `raw` is what the model wrote. `standalone` is the
    question as it was understood. `retrieved` are the passages nearest to it, best first.
    `notices` say what the reader should know, such as that not all of the article was read.
    `timings` are seconds from the question: retrieved, first (sentence shown) and total.
    """

    question: str
    standalone: str
    text: str = ""
    claims: tuple[Claim, ...] = ()
    abstained: bool = False
    retrieved: tuple[RetrievedChunk, ...] = ()
    raw: str = ""
    notices: tuple[str, ...] = ()
    timings: dict[str, float] = field(default_factory=dict)

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The citations of all claims, each once, by marker."""
        unique = {c.marker: c for claim in self.claims for c in claim.citations}
        return tuple(unique[m] for m in sorted(unique))

    def as_dict(self) -> dict[str, Any]:
        """Everything, as values that JSON has."""
        return {**asdict(self), "citations": [asdict(c) for c in self.citations]}


class Assistant:
    """Answers questions about one article.

    Made with `open` or `from_text`; `on` gives one for another article with the same models.
    Safe to use from several threads; the models take one request after the other.
    """

    def __init__(
        self,
        article: Article,
        *,
        embedder: Embedder,
        store: Store,
        llm: LLM | None,
    ) -> None:
        self.article = article
        self.llm = llm
        self.store = store
        self._embedder = embedder
        self.retriever = Retriever(article, store, embedder)
        self._attributor = Attributor(article, self.retriever.chunks, embedder)
        self._fits: bool | None = None

    @classmethod
    def open(
        cls,
        source: str | Path,
        settings: Settings | None = None,
        progress: Progress = no_progress,
    ) -> Self:
        """An assistant for the article in a file or at an http(s) address.

        Raises ArticleError, ModelError, StoreError or SettingsError with what to do about it.
        """
        return cls._open(load(source), settings, progress)

    @classmethod
    def from_text(
        cls,
        text: str,
        title: str = "",
        settings: Settings | None = None,
        progress: Progress = no_progress,
    ) -> Self:
        """An assistant for the article in `text`. Raises as `open` does."""
        return cls._open(from_text(text, title), settings, progress)

    @classmethod
    def _open(cls, article: Article, settings: Settings | None, progress: Progress) -> Self:
        settings = settings or read()
        # Model files first: a missing one is told at once, not after the embedder has loaded.
        llm = open_llm(settings, progress)
        progress("loading the embedding model", 0, 1)
        embedder = open_embedder(settings)
        progress("loading the embedding model", 1, 1)
        return cls(article, embedder=embedder, store=open_store(settings), llm=llm)

    def on(self, article: Article) -> Assistant:
        """An assistant for another article that shares this one's models and store."""
        return Assistant(article, embedder=self._embedder, store=self.store, llm=self.llm)

    def close(self) -> None:
        """Frees the language model. Assistants made by `on` share it."""
        if self.llm is not None:
            self.llm.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def warm(self, progress: Progress = no_progress) -> None:
        """Has the model read the article now, so that the first question need not wait for it."""
        self._attributor.rank("")  # Embeds the sentences, once.
        if self.llm is not None and self._whole_fits(self.llm):
            for done, total in self.llm.read(prompt.answer(self.article.text, "?")):
                progress("reading the article", done, total)

    def ask(self, question: str, history: Sequence[tuple[str, str] | Message] = ()) -> Answer:
        """The answer to `question`; `history` is the conversation so far, oldest first.

        Raises QuestionError if there is no question or it is too long, ModelError if the model
        fails.
        """
        *_, last = self.stream(question, history)
        return last

    def stream(
        self,
        question: str,
        history: Sequence[tuple[str, str] | Message] = (),
        progress: Progress = no_progress,
    ) -> Iterator[Answer]:
        """Growing snapshots of the answer: first the passages, then sentence by sentence.

        No snapshot takes back what an earlier one showed. Closing the iterator stops the model,
        also while it reads the article, of which `progress` is told. Raises as `ask` does.
        """
        start = time.perf_counter()
        question = checked(question)
        turns = [m if isinstance(m, Message) else _message(*m) for m in history]
        understood = standalone(question, turns, self.llm)
        answer = Answer(question, understood, notices=self._notices(question))
        answer = replace(answer, retrieved=tuple(self.retriever.retrieve(understood)))
        timings = {"retrieved": _since(start)}
        yield replace(answer, timings=dict(timings))
        parts = self._generate(self.llm, answer, progress) if self.llm else self._extract(answer)
        for answer in parts:
            if answer.claims:
                timings.setdefault("first", _since(start))
            yield replace(answer, timings=dict(timings))
        yield replace(answer, timings={**timings, "total": _since(start)})

    def _notices(self, question: str) -> tuple[str, ...]:
        asked = detect_language(question)
        if asked in ("", self.article.language):
            return ()
        return (
            f"The question seems to be in another language ({asked}) than the article "
            f"({self.article.language}). Ask in the article's language for better answers.",
        )

    def _generate(self, llm: LLM, answer: Answer, progress: Progress) -> Iterator[Answer]:
        """The model's sentences, each with its citations and check; or an abstention."""
        text, notices = self._material(llm, answer)
        answer = replace(answer, notices=answer.notices + notices)
        asked = prompt.answer(text, answer.standalone)
        for done, total in llm.read(asked):
            progress("reading the article", done, total)
            yield answer
        refusal = llm.score(asked, [prompt.REFUSAL.split()[0]])
        if refusal is not None and refusal[0] > REFUSE_ABOVE:
            yield replace(answer, text=NO_ANSWER, abstained=True)
            return
        nearest = self._nearest(llm, answer.standalone)
        reply = llm.stream(prompt.answer(text, answer.standalone, nearest), MAX_ANSWER_TOKENS)
        sentences = SentenceStream(self.article.language)
        markers: dict[int, int] = {}
        gap = ""
        try:
            for piece in reply:
                for sentence in sentences.feed(piece):
                    answer = self._extend(answer, sentence, gap, markers)
                    yield answer
                    if answer.abstained:
                        return
                    gap = "\n" if "\n" in sentence[len(sentence.rstrip()) :] else " "
        except ReplyCut:
            # Half a sentence cannot be checked, so it is not shown.
            if not answer.claims:
                raise ModelError(
                    f"The model {llm.name!r} wrote {MAX_ANSWER_TOKENS} tokens without ending a "
                    "sentence. Ask for less at once, or use another model."
                ) from None
            answer = replace(answer, notices=(*answer.notices, CUT))
        else:
            for sentence in sentences.end():
                answer = self._extend(answer, sentence, gap, markers)
        if not answer.claims:
            answer = replace(answer, text=NO_ANSWER, abstained=True)
        yield answer

    def _extend(self, answer: Answer, sentence: str, gap: str, markers: dict[int, int]) -> Answer:
        """`answer` with one more sentence, or abstained if the sentence is a refusal."""
        answer = replace(answer, raw=answer.raw + sentence)
        shown = sentence.replace("**", "").strip()
        if is_refusal(shown):
            # What is already shown stays; a refusal after it adds nothing.
            return answer if answer.claims else replace(answer, text=NO_ANSWER, abstained=True)
        if not shown:
            return answer
        found = self._attributor.attribute(shown, answer.standalone)
        quotes = [self.article.quote(self.article.sentences[i]) for i in found]
        check = verify(
            shown, quotes, self._attributor.weights, self.article.language, answer.standalone
        )
        citations = self._attributor.cite(found, markers)
        claim = Claim(shown, citations, check.verdict, round(check.score, 4), check.missing)
        text = f"{answer.text}{gap if answer.text else ''}{shown}"
        return replace(answer, text=text, claims=(*answer.claims, claim))

    def _nearest(self, llm: LLM, question: str) -> list[str]:
        """The sentences nearest to the question that are short enough to repeat, in order."""
        near: dict[int, str] = {}
        for i, _ in self._attributor.rank(question)[: 2 * _NEAREST]:
            quote = self.article.quote(self.article.sentences[i])
            if llm.count(quote) <= _NEAREST_TOKENS:
                near[i] = quote
            if len(near) == _NEAREST:
                break
        return [near[i] for i in sorted(near)]

    def _extract(self, answer: Answer) -> Iterator[Answer]:
        """Without a model: the article sentences nearest to the question, verbatim."""
        found = self._attributor.nearest(answer.standalone)
        markers: dict[int, int] = {}
        for citation in self._attributor.cite(found, markers):
            claim = Claim(citation.quote, (citation,), "supported", 1.0)
            text = f"{answer.text} {claim.text}".strip()
            answer = replace(answer, text=text, claims=(*answer.claims, claim))
            yield answer
        if not found:
            yield replace(answer, text=NO_ANSWER, abstained=True)

    def _material(self, llm: LLM, answer: Answer) -> tuple[str, tuple[str, ...]]:
        """What the model reads: the whole article if it fits, else the nearest passages, in order.

        With passages, a notice for the reader says so.
        """
        if self._whole_fits(llm):
            return self.article.text, ()
        room = self._room(llm) - 2 * llm.count(answer.standalone)
        chosen: list[RetrievedChunk] = []
        for passage in self.retriever.retrieve(answer.standalone, k=len(self.retriever.chunks)):
            room -= llm.count(passage.chunk.text) + 2
            if room < 0:
                break
            chosen.append(passage)
        if not chosen:
            raise QuestionError(
                f"The model {llm.name!r} reads only {llm.context} tokens at a time, too few for "
                "the question and one passage. Raise ASSISTANT_LLM_CONTEXT or use another model."
            )
        texts = [p.chunk.text for p in sorted(chosen, key=lambda p: p.chunk.position)]
        notice = (
            f"The article is longer than the model can read at once. This answer rests on the "
            f"{len(texts)} of its {len(self.retriever.chunks)} passages nearest to the question."
        )
        return "\n\n[...]\n\n".join(texts), (notice,)

    def _whole_fits(self, llm: LLM) -> bool:
        if self._fits is None:
            # The longest question leaves room for the article or it does not, the same each time:
            # a prompt that changed its beginning would have to be read again.
            need = llm.count(self.article.text) + 2 * llm.count("word " * (MAX_QUESTION // 5))
            self._fits = need <= self._room(llm)
        return self._fits

    def _room(self, llm: LLM) -> int:
        """Tokens left for the article and the question."""
        told = sum(llm.count(m.content) + 8 for m in prompt.answer("", ""))
        return llm.context - told - MAX_ANSWER_TOKENS - _NEAREST * (_NEAREST_TOKENS + 4)


_REFUSALS = re.compile(
    rf"^\W*({prompt.REFUSAL}|not (stated|mentioned|specified|given) in the article)\b"
    r"|\b(article|text|passage|author)\b.{0,40}\b(does not|doesn['’]t)\s+"
    r"(\w+ly )?"
    r"(say|state|mention|specify|provide|give|tell|contain|indicate|discuss|answer|explain|"
    r"describe|identify|include|address|name)\b"
    r"|\b(is|are|was|were) (not|never) (\w+ly )?(stated|mentioned|specified|given|provided|"
    r"discussed|named|indicated|described) (in|by) (the|this) (article|text|passage)\b"
    r"|\bno (information|mention|details?)\b.{0,60}\b(article|text|passage)\b",
    re.IGNORECASE,
)


def is_refusal(sentence: str) -> bool:
    """Whether the sentence says that the article does not answer."""
    return bool(_REFUSALS.search(sentence))


def checked(question: str) -> str:
    """`question` on one line. Raises QuestionError if there is none or it is too long."""
    question = " ".join(question.split())
    if not re.search(r"\w", question):
        raise QuestionError("There is no question. Ask something about the article.")
    if len(question) > MAX_QUESTION:
        raise QuestionError(
            f"The question has {len(question):,} characters; the limit is {MAX_QUESTION:,}. "
            "Ask in fewer words, or give a long text as the article."
        )
    return question


def _message(role: str, content: str) -> Message:
    if role not in ("user", "assistant"):
        raise QuestionError(f"A turn of the history is by {role!r}; use 'user' or 'assistant'.")
    return Message(role, content)  # type: ignore[arg-type]


def _since(start: float) -> float:
    return round(time.perf_counter() - start, 3)
