"""What becomes of a sentence that a model wrote: cited, checked, its speaker put back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from simplemma import is_known

from assistant import about, expected, facts, voice
from assistant.checker import Checker
from assistant.citations import Attribution, Attributor, Citation
from assistant.verify import (
    Check,
    Fit,
    Judge,
    Verdict,
    Verifier,
    bare,
    conflicts,
    opposed,
    too_long,
)
from assistant.words import terms
from index import Article

_PRESUMES = re.compile(
    r"(?:(?:up )?(?:to|at|in|on|by|for|from|of|with|within|over|under|until|since|after|before) )?"
    r"(?:who|whom|whose|what|which|when|where|why|how)\b",
    re.IGNORECASE,
)
"""How a question begins that takes something for granted, where "did" or "is" asks whether."""

_OPEN = re.compile(
    r"\b(?:about|regarding|concerning|says?|said|think|believe|claim|argue|feel|want|hope|expect|fear"
    r"|suggest|propose|describe|view|see|regard|consider|write|tell|predict|warn|insist|deny|doubt)\b",
    re.IGNORECASE,
)
"""What comes after it is what such a question is about, or what somebody may say or want."""

_PREMISE = 0.75
"""The share of a question's words that a sentence must have to correct its premise."""

_ASKED = 0.75
"""The share that one must have in which a "yes" or "no" stands before it."""

_TOLD = 0.4
"""The same as the first, of one that the model's own answer led to."""


def _alike(a: facts.Quantity, b: facts.Quantity) -> bool:
    """Whether both are the same number of the same thing, or one that is rare enough."""
    same = (a.unit and a.unit == b.unit) or (a.of and a.of == b.of) or len(a.value) > 2
    return a.value == b.value and bool(same)


def _led_by(sentence: str) -> str:
    """Who says it, if `sentence` begins with that; "" if it is the article or its author."""
    said = bare(sentence)
    return voice.speaker(said) if said.startswith("According to") else ""


def _presumed(question: str) -> str:
    """What a question that begins with "what" or "why" takes for granted."""
    left_open = _OPEN.search(question)
    return question[: left_open.end()] if left_open else question


_OF_ITSELF = re.compile(
    r"(?:the|this) (?:[\w-]+ )?"
    r"(?:article|piece|story|report|text|passage|conversation|interview)\b",
    re.IGNORECASE,
)


def _fit(question: str) -> Fit:
    return "told" if about.is_overall(question) else "asked"


@dataclass(frozen=True)
class Claim:
    """One sentence of an answer, with the words it rests on and what the check found.

    `score` is the probability that they support it, in [0, 1]. `missing` are the words of the
    sentence that the evidence does not have, or the hedges of the evidence that the sentence does
    not have. `counter` are the words that say otherwise. `judgement` are the log odds that the
    article says it, of a language model that was asked.
    """

    text: str
    citations: tuple[Citation, ...]
    verdict: Verdict
    score: float
    missing: tuple[str, ...] = ()
    counter: tuple[Citation, ...] = ()
    judgement: float | None = None

    @property
    def doubt(self) -> str:
        """In words why it is not supported: what was not found, or, of what has all its words in
        the evidence and is only partly supported, that; "" of any other.
        """
        if self.verdict == "supported":
            return ""
        if self.missing:
            return f"not found: {', '.join(self.missing)}"
        if self.verdict != "partly":
            return ""
        if len(self.citations) > 1:
            return "the quotes have its words, but may be of different things"
        return "the quote has its words, but may say something else"


class Reviewer:
    """Reviews sentences of answers about one article."""

    def __init__(self, article: Article, attributor: Attributor, checker: Checker | None) -> None:
        self._article = article
        self._attributor = attributor
        self._weights = attributor.weights
        self._quotes = attributor.quotes
        self._checker = checker if article.language == "en" else None
        self._verifier = Verifier(attributor.quotes, attributor.weights, checker, article.language)
        self._voices = voice.voices(article)
        self._names = frozenset(facts.names(article.text))
        self._words = frozenset(re.findall(r"\w+", article.text))
        self._corrections = about.corrections(article)
        self._opinion = article.language == "en" and voice.is_opinion(article)

    def review(
        self,
        sentence: str,
        question: str,
        markers: dict[int, int],
        cited: Sequence[int] | None = None,
        judge: Judge | None = None,
    ) -> Claim:
        """`sentence` as a claim, resting on the sentences `cited`, or on those that are found.

        `markers` keeps the numbers of citations through an answer; `judge` asks a language model
        whether the article says it.
        """
        if cited is not None:
            sentence = self._unled(sentence, cited)
            found = self._attributor.among(cited, sentence, question)
            check = self._check(sentence, question, found, judge)
        else:
            sentence = self._undecided(sentence, question)
            found, check = self._found(sentence, question, judge)
            if self._misattributed(sentence, found.sentences):
                sentence = voice.unattributed(sentence)
                # What the model judges of it was with the wrong speaker.
                found, check = self._found(sentence, question, None)
        text = sentence
        if self._garbled(sentence, found.sentences):
            check = replace(check, verdict="not in article")
        if found.sentences and check.verdict in ("supported", "partly"):
            text, check = self._voiced(sentence, question, found.sentences, check)
        counter = [] if check.counter is None else [check.counter]
        shown: Sequence[int] = []
        if check.verdict in ("supported", "partly"):
            shown = self._telling(text, check.missing, found.sentences)
        return Claim(
            text,
            self._attributor.cite(shown, markers),
            check.verdict,
            round(check.score, 4),
            check.missing,
            # What is not shown takes no number away from what is.
            self._attributor.cite(counter, dict(markers)),
            check.judgement,
        )

    def _undecided(self, sentence: str, question: str) -> str:
        """`sentence` without a "yes" or "no" in front that it does not prove, for it tells less
        than most of what the question asks: "Yes, it closes on Sundays" of "Is it shut for good?".
        """
        lead = re.match(r"(?:yes|no), (?=\w)", sentence, re.IGNORECASE)
        if not lead:
            return sentence
        rest, asked = sentence[lead.end() :], set(terms(question))
        told = self._weights.sum(asked & set(terms(rest)))
        proved = told >= _ASKED * self._weights.sum(asked)
        return sentence if proved else rest[0].upper() + rest[1:]

    def _garbled(self, sentence: str, cited: Sequence[int]) -> bool:
        """Whether `sentence` says several words twice that those cited do not: a small model that
        copies sometimes begins again.
        """
        quotes = " ".join(self._quotes[i] for i in cited)
        return facts.repeats(sentence) and not facts.repeats(quotes)

    def _telling(self, text: str, missing: Sequence[str], cited: Sequence[int]) -> Sequence[int]:
        """Those `cited` that have more of `text` than single words, no names, that are told as
        missing.
        """
        language = self._article.language
        words = (terms(m, language) for m in missing if m.islower() and " " not in m)
        said = set(terms(text, language)).difference(*words)
        return [i for i in cited if said & self._weights.sentences[i]] or cited

    def _found(
        self, sentence: str, question: str, judge: Judge | None
    ) -> tuple[Attribution, Check]:
        """What `sentence` rests on, and the check of it."""
        first = self._attributor.attribute(sentence, question)
        found = self._smallest(sentence, question, first)
        check = self._check(sentence, question, found, judge)
        if check.verdict != "not in article":
            return found, check
        wider = self._attributor.attribute(sentence, question, repeated=True)
        if wider == first:
            return found, check
        missing = check.missing
        found = self._smallest(sentence, question, wider)
        check = self._check(sentence, question, found, judge)
        if check.verdict in ("supported", "partly") and not check.missing:
            # Whom the question is about is named elsewhere; whether this is told of them is open.
            check = replace(check, verdict="partly", missing=missing)
        return found, check

    def _check(
        self, sentence: str, question: str, found: Attribution, judge: Judge | None
    ) -> Check:
        cited, similarity = found
        return self._verifier.check(
            sentence, cited, similarity, question, self._context(cited), judge, _fit(question)
        )

    def _smallest(self, sentence: str, question: str, found: Attribution) -> Attribution:
        """One sentence instead of several, if it supports the claim by itself."""
        if len(found.sentences) > 1:
            main = self._main(set(terms(bare(sentence))), found.sentences)
            alone = self._verifier.check(sentence, [main], found.similarity, fit=_fit(question))
            if alone.verdict == "supported":
                return found._replace(sentences=[main])
        return found

    def suits(self, question: str, sentence: str) -> bool:
        """Whether `sentence` is the kind of answer that `question` asks for, and of the same thing.

        What is asked of the first is not answered by the last.
        """
        language = self._article.language
        presumed = _presumed(question) if self.presumes(question) else ""
        if language == "en" and facts.opposites(presumed, sentence):
            return False
        return expected.suits(question, sentence, language)

    def quoted(self, sentence: int, markers: dict[int, int], lead: str = "") -> Claim:
        """The article's own sentence as a claim, after `lead` if there is one."""
        quote = self._quotes[sentence]
        spoken = self._voices[sentence]
        if lead:
            quote = f"{lead}: “{quote.strip('“”')}”" if '"' not in quote else f"{lead}: {quote}"
        if spoken and not voice.keeps(quote, spoken):
            quote = f"{quote} ({spoken.speaker})"
        return Claim(quote, self._attributor.cite([sentence], markers), "supported", 1.0)

    def presumes(self, question: str) -> bool:
        """Whether `question` takes something for granted rather than asks whether it is so."""
        return bool(_PRESUMES.match(question))

    def correction(self, question: str, rejected: Sequence[Claim] = ()) -> int | None:
        """The sentence that says otherwise than `question` takes for granted, if there is one:
        among those nearest to it, or, more plainly, those on which sentences of an answer that were
        `rejected` rest or fail.
        """
        if self._article.language != "en":
            return None
        asked = set(terms(question))
        if len(asked) < 3:
            return None
        presumed = _presumed(question) if self.presumes(question) else question
        share = [
            0.0 if too_long(quote) else self._weights.sum(asked & s) / self._weights.sum(asked)
            for s, quote in zip(self._weights.sentences, self._quotes, strict=True)
        ]
        near = [i for i, s in enumerate(share) if s >= _PREMISE]
        if near and all(conflicts(presumed, self._quotes[i]) for i in near):
            return max(near, key=lambda i: share[i])
        if near or not self.presumes(question):
            return None
        told = {c.span for r in rejected for c in r.counter or r.citations}
        places = [
            i
            for i, span in enumerate(self._article.sentences)
            if span in told and share[i] >= _TOLD and opposed(presumed, self._quotes[i])
        ]
        return max(places, key=lambda i: share[i], default=None)

    def corrected_by(self, claim: Claim) -> tuple[str, ...]:
        """What notes of correction in the article say of a number that `claim` cites elsewhere."""
        cited = {c.span for c in claim.citations}
        if cited & set(self._corrections):
            return ()
        said = facts.quantities(claim.text)
        quotes = [self._article.quote(span) for span in self._corrections]
        noted = [n for quote in quotes for n in facts.quantities(quote)]
        return tuple(quotes) if any(_alike(q, n) for q in said for n in noted) else ()

    def answers(self, question: str, sentence: str) -> float | None:
        """A logit: how well the article supports `sentence` as the answer to `question`.

        None without a checker.
        """
        if self._checker is None:
            return None
        claim = f"{question} {bare(sentence)}"
        found = self._attributor.attribute(sentence, question)
        chosen = self._weights.evidence(set(terms(claim)), found.sentences)
        evidence = " ".join(self._quotes[i] for i in chosen)
        return self._checker.score([(evidence, claim)])[0]

    def _main(self, said: set[str], cited: Sequence[int]) -> int:
        """Of the sentences cited the one that has most of the words, by weight."""
        return max(cited, key=lambda i: self._weights.sum(said & self._weights.sentences[i]))

    def _heard(self, said: set[str], cited: Sequence[int]) -> int:
        """The sentence whose speaker, if it has one, the claim must name: the main one, or, if
        that is the article's own, one that adds what somebody says.
        """
        main = self._main(said, cited)
        if self._voices[main]:
            return main
        sentences = self._weights.sentences
        added = ((i, said & sentences[i] - sentences[main]) for i in cited)
        return next((i for i, more in added if more and self._reported(more, i)), main)

    def _reported(self, said: set[str], sentence: int) -> bool:
        """Whether at least half of what `sentence` has of these words, by weight, somebody says."""
        spoken = self._voices[sentence]
        words = said & self._weights.sentences[sentence]
        return spoken is not None and (
            self._weights.sum(words & set(terms(spoken.said))) >= 0.5 * self._weights.sum(words)
        )

    def _context(self, cited: Sequence[int]) -> str:
        """Who speaks in the sentences cited: named before them, perhaps, and not in them."""
        return " ".join(v.speaker for i in cited if (v := self._voices[i]))

    def _voiced(
        self, sentence: str, question: str, cited: Sequence[int], check: Check
    ) -> tuple[str, Check]:
        said = set(terms(bare(sentence)))
        # Who says what is new in it: what it repeats of the question may be somebody else's.
        new = said - set(terms(question)) or said
        main = self._heard(new, cited)
        spoken, quote = self._voices[main], self._quotes[main]
        text = sentence
        if about.is_overall(question) and _OF_ITSELF.match(text):
            return text, check  # Nobody in the article says what the article is about.
        led = _led_by(sentence)
        claimed = led or voice.speaker(bare(sentence))
        plain = voice.unattributed(text)
        # "Analysts say", of what one of them says.
        anybody = claimed and not voice.is_named(claimed) and plain != text
        if spoken and (led or anybody) and not self._speaks(claimed, main):
            text = self._by(spoken.speaker, plain, quote)
        elif claimed and not all(
            self._speaks(claimed, i) for i in cited if i == main or self._voices[i]
        ):
            # None of it is his, or half of it is said by somebody else.
            missing = dict.fromkeys((*check.missing, claimed))
            rest = said.difference(terms(claimed), terms(question))
            spoke = any(
                rest & self._weights.sentences[i] and self._speaks(claimed, i) for i in cited
            )
            strange = voice.is_named(claimed) and not spoke and self._strange(claimed, main)
            verdict: Verdict = "not in article" if strange else "partly"
            check = replace(check, verdict=verdict, missing=tuple(missing))
        elif spoken and not claimed and not self._plainly_said(said, main):
            if not voice.keeps(text, spoken):
                text = self._by(spoken.speaker, plain, quote)
        elif not spoken and self._opinion and voice.is_view(quote) and not voice.by_author(text):
            who = self._article.author or "the author"
            text = self._by(who, text, f"“{quote}”")
        if self._article.language == "en":
            text, hedges = voice.hedged(text, quote)
            if hedges and check.verdict == "supported":
                check = replace(check, verdict="partly", missing=hedges)
        return text, check

    def _unled(self, sentence: str, cited: Sequence[int]) -> str:
        """`sentence` without who says it in front, where that is who says one of those `cited`: it
        was checked before that was put there.
        """
        speakers = [v.speaker for i in cited if (v := self._voices[i])]
        if self._opinion:
            speakers.append(self._article.author or "the author")
        body = self._article.text
        leads = [voice.according_to(n) for s in speakers for n in (s, voice.again(s, body))]
        lead = next((lead for lead in leads if sentence.startswith(lead)), "")
        rest = sentence[len(lead) :].lstrip(",: ")
        if rest.startswith("“") and rest.endswith("”"):
            rest = rest[1:-1]
        return rest[:1].upper() + rest[1:] if lead else sentence

    def unrepeated(self, claim: Claim, earlier: Sequence[Claim], item: bool) -> Claim:
        """`claim` with less of a speaker who was put in front of one of those `earlier`: the name
        alone, or, if it is an `item` of a list that was announced as theirs, nothing.
        """
        for speaker in {v.speaker for v in self._voices if v}:
            lead = f"{voice.according_to(speaker)}, "
            told = [c.text for c in earlier if c.text.startswith(lead)]
            if told and claim.text.startswith(lead):
                rest = claim.text[len(lead) :]
                if item and any(t.endswith(":") for t in told):
                    return replace(claim, text=rest[0].upper() + rest[1:])
                name = voice.again(speaker, self._article.text)
                return replace(claim, text=f"{voice.according_to(name)}, {rest}")
        return claim

    def _misattributed(self, sentence: str, cited: Sequence[int]) -> bool:
        """Whether `sentence` begins with who says what the article itself tells, in a paragraph
        that has not named them before.
        """
        claimed = _led_by(sentence)
        if not claimed or not cited:
            return False
        main = self._main(set(terms(bare(voice.unattributed(sentence)))), cited)
        if self._voices[main] or voice.said_by_pronoun(self._quotes[main]):
            return False
        return self._strange(claimed, main)

    def _strange(self, claimed: str, main: int) -> bool:
        """Whether neither the paragraph of the sentence `main`, up to its end, nor what follows it
        after a dash, on its line or the one below, names any of `claimed`.
        """
        span, text = self._article.sentences[main], self._article.text
        signed = re.match(r"\W*?\s[-–—][^\n]+", text[span.end :])
        end = span.end + (signed.end() if signed else 0)
        told = set(terms(text[max(0, text.rfind("\n\n", 0, span.start)) : end]))
        words = set(terms(claimed))
        return bool(words) and not words & told

    def _speaks(self, claimed: str, main: int) -> bool:
        """Whether `claimed` may be who says the sentence `main`: its speaker, or, if a pronoun says
        it, somebody named in the sentence before. Who it only tells something of does not say it.
        """
        quote, spoken = self._quotes[main], self._voices[main]
        near = spoken.speaker if spoken else ""
        if spoken is None and voice.said_by_pronoun(quote):
            near = self._quotes[max(0, main - 1)]
        said = set(terms(claimed))
        return bool(not said or said & set(terms(near)) or voice.says(quote, claimed))

    def _plainly_said(self, said: set[str], main: int) -> bool:
        """Whether the article itself says it too, or it is not in what the speaker says."""
        words = said & self._weights.sentences[main]
        if words and not self._reported(said, main):
            return True
        return any(
            self._voices[i] is None
            and self._weights.sum(words & s) >= 0.9 * self._weights.sum(words)
            for i, s in enumerate(self._weights.sentences)
            if i != main
        )

    def _by(self, speaker: str, text: str, quote: str) -> str:
        """`text`, of `quote`, with its speaker in front; if it is not quoted, its first word
        without the capital it had for that.
        """
        if quoted := voice.quoting(text, speaker, quote):
            return quoted
        first = re.match(r"\w+", text)
        if not first:
            return voice.attributed(text, speaker, False)
        word = first[0]
        # What only begins sentences may be a name nonetheless: no dictionary has it then.
        plain = word.casefold() in self._words or is_known(word.casefold(), "en")
        lower = word[1:].islower() and word not in self._names and plain
        return voice.attributed(text, speaker, lower)
