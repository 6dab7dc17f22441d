"""Questions to answers: the whole flow, for ask, stream, the command line, the page and eval."""

from __future__ import annotations

import re
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from assistant import about, gate, prompt
from assistant.checker import Checker
from assistant.citations import Attributor, Citation
from assistant.engine import open_checker, open_embedder, open_llm, open_store
from assistant.followup import points_back, repeats, standalone
from assistant.gate import Strictness
from assistant.injection import readable, withheld
from assistant.llm import LLM, Message, ReplyCut
from assistant.models import Progress, no_progress
from assistant.review import Claim, Reviewer
from assistant.sentences import SentenceStream
from assistant.settings import Settings, read
from assistant.verify import Judge, Verdict, too_long
from index import (
    Article,
    Embedder,
    ModelError,
    QuestionError,
    RetrievedChunk,
    Retriever,
    Span,
    Store,
    detect_language,
    from_text,
    load,
)

T = TypeVar("T")

MAX_QUESTION = 2000
"""Characters. A longer text is no question about an article, and would crowd the article out."""

MAX_ANSWER_TOKENS = 256

_WHETHER = re.compile(
    r"(?:(?:and|but|so|ok|then),? )*"
    r"(?:is|are|was|were|has|have|had|will|would|can|could|do|does|did)\b",
    re.IGNORECASE,
)

_ITEM = re.compile(r"(?:[-*•]|(\d{1,2})[.)])\s+")

_SUMMARY = 3
_NEAREST = 3
_TELLING = 4
"""Words from which on the language of a question can be told."""

_NEAREST_TOKENS = 120
"""A longer sentence is not repeated after the question; the model has it in the article."""

CUT = f"The answer was longer than {MAX_ANSWER_TOKENS} tokens and ends before its last sentence."

NO_ANSWER = "The article does not answer this question."

OTHERWISE = "The article says otherwise"

LEFT_OUT = "A sentence that the model wrote was left out: the article does not support it."

REPLACED = "What the model wrote is not supported by the article; this is its own sentence."

SUMMED_UP = "The model wrote no summary that the article supports; these are its own sentences."

WITHHELD = (
    "Sentences of the article that tell an assistant what to do, instead of telling the reader "
    "something: {}. They were not given to the model."
)

CORRECTS = "The article corrects something like this elsewhere: “{}”"

METADATA = "This is from the page's metadata, not from the article's text."


@dataclass(frozen=True)
class Answer:
    """What is known of an answer so far; each snapshot of a stream extends the one before.

    `text` is what is shown: the claims in order. `raw` is what the model wrote. `standalone` is the
    question as it was understood. `retrieved` are the passages nearest to it, best first; of a
    follow-up, until it is understood, those nearest to its words.
    `corrected`: the question takes for granted what the article denies, and `text` says so.
    `rejected` are sentences that the model wrote and that are not shown, with their verdicts.
    `confidence` is how likely the article answers the question, in [0, 1], by `signals` (`gate`).
    `notices` say what the reader should know, such as that not all of the article was read.
    `timings` are seconds from the question: retrieved, first (sentence shown) and total.
    """

    question: str
    standalone: str
    text: str = ""
    claims: tuple[Claim, ...] = ()
    rejected: tuple[Claim, ...] = ()
    confidence: float = 1.0
    signals: dict[str, float] = field(default_factory=dict)
    abstained: bool = False
    corrected: bool = False
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
        checker: Checker | None = None,
        strictness: Strictness | float = "balanced",
    ) -> None:
        """`strictness` may also be the confidence from which on to answer, in [0, 1]."""
        self.article = article
        self.llm = llm
        self.store = store
        self.strictness = strictness
        named: Strictness = "balanced" if isinstance(strictness, float) else strictness
        self._threshold = strictness if isinstance(strictness, float) else gate.THRESHOLDS[named]
        self._shown = gate.SHOWN[named]
        self._embedder = embedder
        self._checker = checker
        self.retriever = Retriever(article, store, embedder)
        self._withheld = withheld(article)
        self._attributor = Attributor(article, self.retriever.chunks, embedder, self._withheld)
        self._reviewer = Reviewer(article, self._attributor, checker)
        self._told = readable(article, self._withheld)
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
        return cls.of(load(source), settings, progress)

    @classmethod
    def from_text(
        cls,
        text: str,
        title: str = "",
        settings: Settings | None = None,
        progress: Progress = no_progress,
    ) -> Self:
        """An assistant for the article in `text`. Raises as `open` does."""
        return cls.of(from_text(text, title), settings, progress)

    @classmethod
    def of(
        cls, article: Article, settings: Settings | None = None, progress: Progress = no_progress
    ) -> Self:
        """An assistant for an article that was read before. Raises as `open` does."""
        settings = settings or read()
        # Model files first: a missing one is told at once, not after the embedder has loaded.
        llm = open_llm(settings, progress)
        progress("loading the embedding model", 0, 1)
        embedder = open_embedder(settings)
        progress("loading the embedding model", 1, 1)
        return cls(
            article,
            embedder=embedder,
            store=open_store(settings),
            llm=llm,
            checker=open_checker(settings),
            strictness=settings.strictness,
        )

    def on(
        self,
        article: Article,
        strictness: Strictness | float | None = None,
        extractive: bool = False,
    ) -> Assistant:
        """An assistant for another article that shares this one's models and store; `extractive`
        leaves out the language model, so that answers are the article's own sentences.
        """
        return Assistant(
            article,
            embedder=self._embedder,
            store=self.store,
            llm=None if extractive else self.llm,
            checker=self._checker,
            strictness=self.strictness if strictness is None else strictness,
        )

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
            for done, total in self.llm.read(prompt.answer(self._told, "?")):
                if total:
                    progress("reading the article", done, total)

    def ask(self, question: str, history: Sequence[tuple[str, str] | Message] = ()) -> Answer:
        """The answer to `question`; `history` is the conversation so far, oldest first.

        Raises QuestionError if there is no question or it is too long, ModelError if the model
        fails.
        """
        *_, last = self.stream(question, history)
        return last

    def summary(self, sentences: int = _SUMMARY) -> tuple[Span, ...]:
        """The sentences of the article that say most of it, in order; its own words."""
        found = self._attributor.central(sentences)
        return tuple(self.article.sentences[i] for i in found)

    def recheck(self, claim: Claim, question: str) -> Verdict:
        """The verdict on the text of `claim`, found anew from the sentences that it cites.

        What cites nothing is supported only if it says who wrote the article, when, or its title;
        what cites anything but whole sentences of the article is not in the article.
        """
        told = dict(about.told(self.article, kind) for kind in about.KINDS)
        if claim.text and claim.text in told:
            own_place = {c.span for c in claim.citations} <= {told[claim.text]}
            return "supported" if own_place else "not in article"
        if not claim.citations:
            return "not in article"
        places = {span: i for i, span in enumerate(self.article.sentences)}
        cited = [places.get(c.span, -1) for c in claim.citations]
        if min(cited) < 0:
            return "not in article"
        own = [self._reviewer.quoted(i, {}, lead).text for i in cited for lead in ("", OTHERWISE)]
        if claim.text in own:
            return "supported"
        judged = claim.judgement
        return self._reviewer.review(claim.text, question, {}, cited, lambda: judged).verdict

    def stream(
        self,
        question: str,
        history: Sequence[tuple[str, str] | Message] = (),
        progress: Progress = no_progress,
    ) -> Iterator[Answer]:
        """Growing snapshots of the answer: first the passages, then sentence by sentence.

        No snapshot takes back what an earlier one showed; some show nothing new. Closing the
        iterator at any of them stops the model, also while it reads the article, of which
        `progress` is told. Raises as `ask` does.
        """
        start = time.perf_counter()
        question = checked(question)
        turns = [m if isinstance(m, Message) else _message(*m) for m in history]
        notices = self._notices(question)
        understood = question
        if turns and points_back(question) and not about.is_of_article(question):
            # Rewriting it takes seconds: meanwhile what is nearest to its words as they are.
            found = tuple(self.retriever.retrieve(question))
            first = Answer(question, question, retrieved=found, notices=notices)
            yield first
            understood = yield from _showing(first, standalone(question, turns, self.llm))
        answer = Answer(question, understood, notices=notices)
        answer = replace(answer, retrieved=tuple(self.retriever.retrieve(understood)))
        timings = {"retrieved": _since(start)}
        yield replace(answer, timings=dict(timings))
        if kind := about.asks_for(understood):
            parts: Iterator[Answer] = iter([self._about(answer, kind)])
        elif self._reviewer.presumes(understood) and (told := self._corrected(answer)):
            parts = iter([told])
        elif self.llm:
            parts = self._generate(self.llm, answer, progress)
        else:
            parts = self._extract(answer)
        # A question that has the one before it in front is answered with the answer to that, too.
        # Whether something is so may be in what was said, what more there is is not.
        both = understood.endswith(f" {question}") and not _WHETHER.match(question)
        before = next((m.content for m in reversed(turns) if m.role == "assistant" and both), "")
        shown = answer
        for answer in parts:
            shown = _going_on(answer, before)
            if shown.claims:
                timings.setdefault("first", _since(start))
            yield replace(shown, timings=dict(timings))
        shown = shown if shown.claims else answer
        yield replace(shown, timings={**timings, "total": _since(start)})

    def _notices(self, question: str) -> tuple[str, ...]:
        notices: tuple[str, ...] = ()
        if count := len(self._withheld):
            notices = (WITHHELD.format(count),)
        asked = detect_language(question) if len(question.split()) >= _TELLING else ""
        if asked in ("", self.article.language):
            return notices
        return (
            *notices,
            f"The question seems to be in another language ({asked}) than the article "
            f"({self.article.language}). Ask in the article's language for better answers.",
        )

    def _about(self, answer: Answer, kind: str) -> Answer:
        """Who wrote the article, when, under which title: as far as it is known."""
        text, span = about.told(self.article, kind)
        if not text:
            return replace(answer, text=NO_ANSWER, abstained=True)
        cited = [self.article.sentences.index(span)] if span else []
        claim = Claim(text, self._attributor.cite(cited, {}), "supported", 1.0)
        notices = answer.notices if cited else (*answer.notices, METADATA)
        return replace(answer, text=text, claims=(claim,), notices=notices)

    def _generate(self, llm: LLM, answer: Answer, progress: Progress) -> Iterator[Answer]:
        """The model's sentences, each with its citations and check; or an abstention."""
        text, notices = self._material(llm, answer)
        answer = replace(answer, notices=answer.notices + notices)
        question = answer.standalone
        asked = prompt.answer(text, question)
        if about.is_overall(question):
            yield from _showing(answer, llm.read(asked), progress)
            signals = {"overall": 1.0}  # Decides by itself.
        else:
            signals = yield from _showing(answer, gate.read(llm, asked), progress)
        answer = self._surer(answer, signals)
        if gate.hopeless(answer.signals, self._threshold):
            yield self._abstain(answer)
            return
        language = self.article.language
        # The embedder knows English: elsewhere it would rather point to the wrong sentences. One
        # that judged that there is an answer needs no pointing to write it, but may not refuse.
        judged = "answerable" in signals and language == "en"
        pointed = self._nearest(llm, question) if language == "en" and not judged else []
        first = prompt.answer(text, question, pointed, language=language)
        markers: dict[int, int] = {}
        wrote = self._write(llm, asked, first, answer, markers, prompt.REFUSES if judged else "")
        yield from (answer := shot for shot in wrote)
        if answer.claims or answer.abstained:
            return
        # The sentences that say most of the article are worth more than a second try.
        if about.is_overall(question) or gate.hopeless(answer.signals, self._sure(gate.SECOND)):
            yield self._abstain(answer)
            return
        if answer.rejected:
            wrong = " ".join(c.text for c in answer.rejected)
            nearest = self._nearest(llm, question)
            again = prompt.answer(text, question, nearest, wrong, language)
            answer = replace(answer, raw=f"{answer.raw}\n\n")
            yield from (answer := shot for shot in self._write(llm, asked, again, answer, markers))
        if not answer.claims and not answer.abstained:
            yield self._replaced(llm, asked, answer, markers)

    def _write(
        self,
        llm: LLM,
        asked: Sequence[Message],
        messages: Sequence[Message],
        answer: Answer,
        markers: dict[int, int],
        banned: str = "",
    ) -> Iterator[Answer]:
        """`answer` with each sentence of the model's reply to `messages` that is fit to be shown.
        `asked` is the question alone, with nothing pointed to; `banned` is as in `LLM.stream`.
        """
        sentences = SentenceStream(self.article.language)
        again = bool(answer.rejected)
        logprobs: list[float] = []
        ended: list[str] = []
        cut = False
        try:
            for piece in llm.stream(messages, MAX_ANSWER_TOKENS, banned):
                if not answer.claims:
                    logprobs += getattr(piece, "logprobs", ())
                    answer = _with_fluency(answer, logprobs)
                ended += sentences.feed(piece)
                # One that judges cannot while it writes.
                while ended and not llm.judges:
                    answer = self._extend(llm, asked, answer, ended.pop(0), markers, again)
                    if answer.abstained:
                        yield answer
                        return
                yield answer
        except ReplyCut:
            # Half a sentence cannot be checked, so it is not shown.
            cut = True
        else:
            ended += sentences.end()
        for sentence in ended:
            answer = self._extend(llm, asked, answer, sentence, markers, again)
            yield answer
            if answer.abstained:
                return
        if cut:
            if not answer.claims and not answer.rejected:
                raise ModelError(
                    f"The model {llm.name!r} wrote {MAX_ANSWER_TOKENS} tokens without ending a "
                    "sentence. Ask for less at once, or use another model."
                )
            answer = replace(answer, notices=(*answer.notices, CUT))
        if answer.claims and answer.rejected:
            answer = replace(answer, notices=(*answer.notices, LEFT_OUT))
        yield answer

    def _extend(
        self,
        llm: LLM,
        asked: Sequence[Message],
        answer: Answer,
        sentence: str,
        markers: dict[int, int],
        again: bool,
    ) -> Answer:
        """`answer` with one more sentence of a reply, a second one if `again`; or abstained if that
        is a refusal.
        """
        gap = "\n" if "\n" in answer.raw[len(answer.raw.rstrip()) :] else " "
        whole = prompt.own(sentence.replace("**", "")).strip()
        # Each sentence stands by itself anyway.
        shown = _without_mark(whole, answer.raw, self.article.language)
        answer = replace(answer, raw=answer.raw + sentence)
        if is_refusal(shown):
            # What is already shown stays; a refusal after it adds nothing.
            return answer if answer.claims else self._abstain(answer)
        if not re.search(r"\w", shown):
            return answer
        judge = cache(lambda: self._judged(llm, asked, shown))
        # Its judgement is a part of the score in English only, of which that was learned.
        scoring = judge if self.article.language == "en" else None
        claim = self._reviewer.review(shown, answer.standalone, markers, judge=scoring)
        beside = not answer.claims and not self._reviewer.suits(answer.standalone, shown)
        if beside and shown.endswith(":"):
            return answer  # It only says the question again before a list.
        if claim.verdict not in self._shown or beside:
            return replace(answer, rejected=(*answer.rejected, claim))
        if not answer.claims:
            # What the article says, but is no answer, may only lead up to one.
            failed = again or any(c.verdict not in self._shown for c in answer.rejected)
            wanted = self._sure(gate.SECOND if failed else 0.0)
            if claim.judgement is not None or not gate.settled(answer.signals, wanted):
                answer = self._surer(answer, self._told_by(llm, answer, shown, judge))
            if answer.confidence < wanted:
                return self._abstain(replace(answer, rejected=(*answer.rejected, claim)))
        claim = self._reviewer.unrepeated(claim, answer.claims, item=shown != whole)
        if any(claim.text == c.text for c in answer.claims):
            return answer
        text = f"{answer.text}{gap if answer.text else ''}{claim.text}"
        notices = answer.notices
        if note := self._reviewer.corrected_by(claim):
            told = CORRECTS.format(" ".join(note))
            notices = notices if told in notices else (*notices, told)
        return replace(answer, text=text, claims=(*answer.claims, claim), notices=notices)

    def _told_by(self, llm: LLM, answer: Answer, sentence: str, judge: Judge) -> dict[str, float]:
        """What `sentence`, of a reply, tells of whether the article answers: what the model judges,
        or else how well the checker finds that it answers.
        """
        if llm.judges:
            odds = judge()
            return {} if odds is None else {"supported": odds}
        logit = self._reviewer.answers(answer.standalone, sentence)
        return {} if logit is None else {"answers": logit}

    def _judged(self, llm: LLM, asked: Sequence[Message], sentence: str) -> float | None:
        """The log odds that the article says `sentence`, a reply to `asked`, of one that judges."""
        if not llm.judges:
            return None
        odds = gate.judgement(llm, prompt.judged(asked, sentence))
        return None if odds is None else round(odds, 4)

    def _sure(self, least: float) -> float:
        """The confidence that is asked for where it is to be `least` anyway; none where none is
        asked for, to see the signals.
        """
        return max(self._threshold, least) if self._threshold else 0.0

    def _surer(self, answer: Answer, signals: dict[str, float]) -> Answer:
        known = {**answer.signals, **{name: round(s, 4) for name, s in signals.items()}}
        return replace(answer, signals=known, confidence=round(gate.confidence(known), 4))

    def _abstain(self, answer: Answer) -> Answer:
        """No answer; or, if the question takes for granted what the article denies, that; or, if
        it is about all of the article, the sentences that say most of it.
        """
        if told := self._corrected(answer):
            return told
        found = self._attributor.central(_SUMMARY) if about.is_overall(answer.standalone) else []
        if not found:
            return replace(answer, text=NO_ANSWER, abstained=True)
        markers: dict[int, int] = {}
        claims = tuple(self._reviewer.quoted(i, markers) for i in found)
        text = " ".join(c.text for c in claims)
        return replace(answer, text=text, claims=claims, notices=(*answer.notices, SUMMED_UP))

    def _corrected(self, answer: Answer) -> Answer | None:
        i = self._reviewer.correction(answer.standalone, answer.rejected)
        if i is None:
            return None
        claim = self._reviewer.quoted(i, {}, OTHERWISE)
        return replace(answer, text=claim.text, claims=(claim,), corrected=True)

    def _replaced(
        self, llm: LLM, asked: Sequence[Message], answer: Answer, markers: dict[int, int]
    ) -> Answer:
        """The article's own sentence if it answers the question, else an abstention."""
        best = self._attributor.nearest(answer.standalone)[:1]
        if not best or not self._replaces(llm, asked, answer, self._attributor.quotes[best[0]]):
            return self._abstain(answer)
        claim = self._reviewer.quoted(best[0], markers)
        return replace(
            answer, text=claim.text, claims=(claim,), notices=(*answer.notices, REPLACED)
        )

    def _replaces(self, llm: LLM, asked: Sequence[Message], answer: Answer, quote: str) -> bool:
        """Whether a sentence of the article, by itself, can stand for the answer."""
        if too_long(quote):
            return False
        told = self._told_by(llm, answer, quote, lambda: self._judged(llm, asked, quote))
        if not told or min(told.values()) < 0:
            return False
        signals = {k: v for k, v in answer.signals.items() if k != "fluency"}
        sure = gate.confidence({**signals, **told})
        return sure >= self._sure(gate.OWN) and self._reviewer.suits(answer.standalone, quote)

    def _nearest(self, llm: LLM, question: str) -> list[str]:
        """The sentences nearest to the question that are short enough to repeat, in order; those
        that say most of the article if the question is about all of it.
        """
        near: dict[int, str] = {}
        ranked = [i for i, _ in self._attributor.rank(question)[: 2 * _NEAREST]]
        if about.is_overall(question):
            ranked = self._attributor.central(_SUMMARY)
        for i in ranked:
            quote = self.article.quote(self.article.sentences[i])
            if llm.count(quote) <= _NEAREST_TOKENS:
                near[i] = quote
            if len(near) == _NEAREST:
                break
        return [near[i] for i in sorted(near)]

    def _extract(self, answer: Answer) -> Iterator[Answer]:
        """Without a model: the article's own sentences, nearest to the question or to all of it."""
        found = sorted(self._attributor.nearest(answer.standalone))
        if about.is_overall(answer.standalone):
            found = self._attributor.central(_SUMMARY)
        markers: dict[int, int] = {}
        for i in found:
            claim = self._reviewer.quoted(i, markers)
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
            return self._told, ()
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
        chosen.sort(key=lambda p: p.chunk.position)
        texts = [readable(self.article, self._withheld, p.chunk.span) for p in chosen]
        notice = (
            f"The article is longer than the model can read at once. This answer rests on the "
            f"{len(texts)} of its {len(self.retriever.chunks)} passages nearest to the question."
        )
        return "\n\n[...]\n\n".join(texts), (notice,)

    def _whole_fits(self, llm: LLM) -> bool:
        if self._fits is None:
            # The longest question leaves room for the article or it does not, the same each time:
            # a prompt that changed its beginning would have to be read again.
            need = llm.count(self._told) + 2 * llm.count("word " * (MAX_QUESTION // 5))
            self._fits = need <= self._room(llm)
        return self._fits

    def _room(self, llm: LLM) -> int:
        """Tokens left for the article and the question."""
        told = sum(llm.count(m.content) + 8 for m in prompt.answer("", ""))
        return llm.context - told - MAX_ANSWER_TOKENS - _NEAREST * (_NEAREST_TOKENS + 4)


# "No in article" is what one makes of it that may not write "NOT".
_REFUSALS = re.compile(
    rf"^\W*({prompt.REFUSAL}|no in article|not (stated|mentioned|specified|given) in the article)\b"
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


def _without_mark(sentence: str, before: str, language: str) -> str:
    """`sentence`, which a reply goes on with after `before`, without the mark of a list item. A
    number is one if it counts on, or begins after a colon; elsewhere than in English a date may
    begin with it.
    """
    mark = _ITEM.match(sentence)
    if not mark:
        return sentence
    number = int(mark[1] or 0)
    begins = number < 2 and (not number or language == "en" or before.rstrip().endswith(":"))
    goes_on = number > 1 and re.search(rf"(?:^|\s){number - 1}[.)]\s", before)
    return sentence[mark.end() :] if begins or goes_on else sentence


def checked(question: str) -> str:
    """`question` on one line. Raises QuestionError if there is none, or it cannot be asked."""
    question = " ".join(question.split())
    if any("\ud800" <= c <= "\udfff" for c in question):
        raise QuestionError("The question has half a character, as if cut there. Ask anew.")
    if not re.search(r"\w", question):
        raise QuestionError("There is no question. Ask something about the article.")
    if len(question) > MAX_QUESTION:
        raise QuestionError(
            f"The question has {len(question):,} characters; the limit is {MAX_QUESTION:,}. "
            "Ask in fewer words, or give a long text as the article."
        )
    return question


def _going_on(answer: Answer, before: str) -> Answer:
    """`answer` without the sentences that it begins with and that an earlier one, `before`, said;
    those that are left count their citations from 1.
    """
    first, place = 0, 0
    while before and first < len(answer.claims) and repeats(answer.claims[first].text, before):
        place = answer.text.index(answer.claims[first].text, place) + len(answer.claims[first].text)
        first += 1
    if not first:
        return answer
    markers: dict[int, int] = {}

    def renumbered(citations: tuple[Citation, ...]) -> tuple[Citation, ...]:
        return tuple(
            replace(c, marker=markers.setdefault(c.marker, len(markers) + 1)) for c in citations
        )

    left = [replace(c, citations=renumbered(c.citations)) for c in answer.claims[first:]]
    return replace(answer, text=answer.text[place:].lstrip(), claims=tuple(left))


def _showing(
    answer: Answer,
    work: Generator[tuple[int, int] | None, None, T],
    progress: Progress = no_progress,
) -> Generator[Answer, None, T]:
    """Shows `answer` while `work` goes on, telling how much of the article is read, and returns
    what comes of it.
    """
    with closing(work):
        while True:
            try:
                step = next(work)
            except StopIteration as done:
                return done.value  # type: ignore[no-any-return]
            if step and step[1]:
                progress("reading the article", *step)
            yield answer


def _with_fluency(answer: Answer, logprobs: Sequence[float]) -> Answer:
    """`answer` that knows how sure the model was of the words so far."""
    if not logprobs:
        return answer
    mean = round(sum(logprobs) / len(logprobs), 4)
    return replace(answer, signals={**answer.signals, "fluency": mean})


def _message(role: str, content: str) -> Message:
    if role not in ("user", "assistant"):
        raise QuestionError(f"A turn of the history is by {role!r}; use 'user' or 'assistant'.")
    return Message(role, content)  # type: ignore[arg-type]


def _since(start: float) -> float:
    return round(time.perf_counter() - start, 3)
