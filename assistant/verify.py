"""Decides whether the article's words support a sentence of an answer."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Literal

from simplemma import is_known

from assistant import facts
from assistant.checker import PACKAGED, Checker
from assistant.words import Weights, terms

Verdict = Literal["supported", "partly", "contradicted", "not in article"]

Fit = Literal["asked", "told"]
"""Whether a claim answers a question, or tells what the article is about: those are written in
another way, so the score is fitted for each (eval/README)."""

Judge = Callable[[], float | None]
"""Asks a language model whether the article says a claim: the log odds that it does."""

SUPPORTED = 0.75
"""From this score on a claim is supported, from PARTLY on partly so (eval/README)."""
JOINED = 0.95
"""The same as the first, of a claim that needs more than one sentence and was judged: what each
says may be of different things (eval/README)."""
PARTLY = 0.25
SURE = 4.25
"""Log odds from which on a language model's judgement of a claim that rests on one sentence stands
for a word or two, no names, that the sentence has in other words (eval/README)."""
_FEW = 2
VERBATIM = 0.95
"""From this share of its word pairs in one sentence on, a claim is that sentence's own."""

_LONG = 60
"""Words of a sentence."""

_SENTENCE = 3
"""Words that carry meaning. Fewer that are only a part of a sentence say nothing by themselves."""

_ALIKE = 4
"""Letters that words of one stem begin with, at least."""

_ABOUT = 0.5
"""The share of a claim's words from which on a sentence is about the same thing, and which the
evidence must have more than of what is told, for a claim to be partly supported."""

FEATURES = (
    "in the evidence",
    "in its best sentence",
    "in the article",
    "word pairs",
    "numbers missing",
    "names missing",
    "polarity differs",
    "length",
    "similarity",
    "checker",
)
"""What the score is made of; the last is the checker's logit, or a language model's judgement."""

_BEFORE = 3
"""Sentences back in which a pronoun's name is looked for."""

FITTED = Path(__file__).parent / "verifier.json"


@dataclass(frozen=True)
class Check:
    """The verdict on one sentence and its score, the probability of support, in [0, 1].

    `missing` are the words no evidence was found for; `counter` is the number of the sentence that
    says otherwise. `judgement` are the log odds of a language model that was asked.
    """

    verdict: Verdict
    score: float
    missing: tuple[str, ...] = ()
    counter: int | None = None
    judgement: float | None = None


class Verifier:
    """Checks claims against the sentences of one text.

    First what must stand in the evidence: every quantity, name and quotation, and nothing of which
    the evidence has the opposite. Then a score, from words shared with the evidence and a
    cross-encoder, combined by a logistic regression that eval.fit_verifier fits; where it decides,
    with the judgement of a language model instead, if there is one that judges.
    """

    def __init__(
        self,
        quotes: Sequence[str],
        weights: Weights,
        checker: Checker | None,
        language: str = "en",
    ) -> None:
        self._quotes = quotes
        self._weights = weights
        # The packaged checker reads English.
        self._checker = checker if language == "en" else None
        self._language = language
        self._every = frozenset().union(*weights.sentences)
        # Elsewhere than in English, what begins with a capital may be any noun.
        full_names = {n for q in quotes for n in facts.full_names(q) if language == "en"}
        self._full_names = {frozenset(terms(n, language)) for n in full_names}
        self._names = {n for q in quotes for n in facts.names(q) if language == "en"}
        self._short = {
            frozenset(terms(short, language)): frozenset(terms(name, language))
            for q in quotes
            for short, name in facts.acronyms(q)
            if terms(short, language)  # "WHO" and "US" read as words that tell nothing.
        }
        self._plain = f" {facts.plain(' '.join(quotes))} " if language == "en" else ""
        found = (q for quote in quotes for q in facts.quantities(quote, language))
        self._quantities = {(q.value, q.unit, q.of) for q in found}

    def check(
        self,
        claim: str,
        cited: Sequence[int],
        similarity: float,
        asked: str = "",
        speakers: str = "",
        judge: Judge | None = None,
        fit: Fit = "asked",
    ) -> Check:
        """The verdict on `claim`, given the sentences that it cites.

        `similarity` is its highest cosine similarity to one of them. A name may be that of one of
        the `speakers`, who say them, or come from the question, `asked`, if they leave open whom
        or what they are about. `judge` is asked only where nothing but the score decides, which is
        by `fit`.
        """
        claim = bare(claim)
        said = set(terms(claim, self._language))
        if not cited or not said:
            return Check("not in article", 0.0, tuple(sorted(said)))
        chosen = self._weights.evidence(said, cited)

        def low() -> float:
            return min(self.score(claim, chosen, similarity, fit), PARTLY)

        counter = self._counter(claim, said, chosen)
        denied = _denied(claim, asked) if counter is not None else ""
        if denied:
            # That is the question's, and may be told elsewhere or in other words.
            counter = self._counter(claim.replace(denied, ""), said, chosen)
        if counter is not None:
            return Check("contradicted", low(), counter=counter)
        evidence = [self._quotes[i] for i in cited]
        around = f"{asked} {speakers}"
        free = self._language != "en" or may_be_about(claim, evidence)
        missing = self._absent(claim, evidence, around if free else speakers)
        missing += (denied,) if denied else ()
        if foreign := self._foreign(claim, cited):
            # The question's somebody, and the evidence is about somebody else.
            return Check("not in article", low(), foreign)
        numbers = [q.text for q in facts.quantities(claim, self._language) if q.text in missing]
        stranger = missing or any(_SOMEBODY.search(e) for e in evidence)
        if (
            aged_as_another(claim, evidence)
            or (stranger and aged_otherwise(claim, evidence))
            or self._from_memory(claim, numbers, missing, around)
        ):
            return Check("not in article", low(), missing)
        # The digits of a number that is missing may be there, of something else, and so may the
        # words of a quotation.
        exact = [*numbers, *(q for q in facts.quotations(claim) if q in missing)]
        lost = {t for part in exact for t in terms(part, self._language)}
        tells = self._tells(said, set(terms(around, self._language)), cited, lost)
        verbatim = 0.0 if missing else self._verbatim(claim, cited)
        judgement = judge() if judge and not missing and not verbatim else None
        score = max(self.score(claim, chosen, similarity, fit, judgement), verbatim)
        partly: Verdict = "partly" if tells and score >= PARTLY else "not in article"
        if missing:
            return Check(partly, min(score, SUPPORTED), missing)
        if score >= SUPPORTED:
            # A likely sentence with a word of the question, or of the model, is not yet the
            # article's: what the repairs cost is not what the dam cost.
            unseen = self._words(claim, said - self._known(claim, said, cited, free))
            if self._reworded(claim, unseen, cited, judgement):
                unseen = ()
            joined = len(cited) > 1 and judgement is not None
            # Elsewhere than in English nothing looks at how the words stand to each other.
            alone = SUPPORTED if self._language == "en" else VERBATIM
            whole = not unseen and score >= (JOINED if joined else alone)
            return Check("supported" if whole else partly, score, unseen, judgement=judgement)
        verdict = partly if score >= PARTLY else "not in article"
        # Elsewhere than in English the small words are terms, too, and no citation has them all.
        shown = cited if self._language == "en" else chosen
        # Quantities were looked at before: "9" is "nine".
        counted = {t for q in facts.quantities(claim, self._language) for t in terms(q.text)}
        found = counted.union(*(self._weights.sentences[i] for i in shown))
        unseen = self._words(claim, said - found)
        return Check(verdict, score, unseen, judgement=judgement)

    def _tells(self, said: set[str], asked: set[str], cited: Sequence[int], lost: set[str]) -> bool:
        """Whether the evidence has more than half of what a claim tells, by weight: of its words
        that are not the question's. Those `lost` it has not.

        What only repeats the question tells that.
        """
        told = said - asked or said
        proven = told - lost
        return self._share(proven, *cited) * self._weights.sum(proven) > (
            _ABOUT * self._weights.sum(told)
        )

    def _known(self, claim: str, said: set[str], cited: Sequence[int], free: bool) -> set[str]:
        """The terms of the evidence, and those of names and quantities, which are looked at before:
        they may be written in another way. So is a name that opens the claim, if the evidence is
        `free` to be about somebody, begins with nobody else, and follows on that name.

        A sentence that has but one word of the claim is no evidence beside another that has more.
        """
        shared = {i: len(said & self._weights.sentences[i]) for i in cited}
        least = min(2, max(shared.values()))
        known = {t for i in cited if shared[i] >= least for t in self._weights.sentences[i]}
        for part in facts.particulars(claim):
            known |= set(terms(part, self._language))
        name = self._opening(claim)
        meant = free and name and any(name in self._before(i) for i in cited)
        others = any(self._opening(self._quotes[i]) for i in cited)
        return known | set(terms(name)) if meant and not others else known

    def _reworded(
        self, claim: str, unseen: Sequence[str], cited: Sequence[int], judgement: float | None
    ) -> bool:
        """Whether the words `unseen` of `claim` are few, no name, and the model is sure that the
        one sentence says it all the same.
        """
        sure = judgement is not None and judgement >= SURE
        # What only begins the claim may be a name nonetheless: no dictionary has it then.
        first = re.findall(r"\w+", claim)[0]
        named = first in self._names or not is_known(first.casefold(), "en")
        few = len(unseen) <= _FEW and not (named and first in unseen)
        return sure and few and len(cited) == 1

    def _opening(self, text: str) -> str:
        """The first word of `text` if it is a name of one word that the article has, else ""."""
        first = re.match(r"\W*((?:\w|[’'-]\w)+?)(?:[’']s)?\b(?![’'-]\w)", text)
        name = first[1] if first else ""
        return name if name in self._names and name not in facts.names(text) else ""

    def _before(self, sentence: int) -> Set[str]:
        """The names in the last sentence before `sentence` that has any, of the few before it."""
        for i in range(sentence - 1, max(-1, sentence - 1 - _BEFORE), -1):
            quote = self._quotes[i]
            named = {*facts.names(quote), self._opening(quote)} - {""}
            if named:
                return named
        return frozenset()

    def _words(self, claim: str, wanted: set[str]) -> tuple[str, ...]:
        """The words of `claim` whose terms are `wanted`."""
        words = re.findall(r"\w+", claim)
        return tuple(dict.fromkeys(w for w in words if wanted & set(terms(w, self._language))))

    def score(
        self,
        claim: str,
        chosen: Sequence[int],
        similarity: float,
        fit: Fit,
        judgement: float | None = None,
    ) -> float:
        """The probability that the sentences `chosen` support `claim`, in [0, 1]: with the
        `judgement` of a language model, or else with the cross-encoder.
        """
        values = self.features(claim, chosen, similarity)
        if judgement is not None:
            return combined(fit, "judged", [*values, judgement])
        if self._checker is None:
            return combined(fit, "lexical", values)
        evidence = " ".join(self._quotes[i] for i in chosen)
        logit = self._checker.score([(evidence, claim)])[0]
        if self._checker.name != PACKAGED:
            # Nothing was fitted for it: its own probability counts as much as the words do.
            return (combined(fit, "lexical", values) + sigmoid(logit)) / 2
        return combined(fit, "all", [*values, logit])

    def features(self, claim: str, chosen: Sequence[int], similarity: float) -> list[float]:
        """FEATURES but the last, of `claim` and the sentences `chosen` for it."""
        language = self._language
        ordered = terms(claim, language)
        said = set(ordered)
        evidence = [self._quotes[i] for i in chosen]
        there = {q.value for e in evidence for q in facts.quantities(e, language)}
        pairs = set(pairwise(ordered))
        shown = [terms(e, language) for e in evidence]
        seen = {p for e in shown for p in pairwise(e)}
        names = {t for n in facts.names(claim) for t in terms(n, language)}
        found = {t for e in shown for t in e}
        return [
            self._share(said, *chosen),
            max((self._share(said, i) for i in chosen), default=0.0),
            len(said & self._every) / max(1, len(said)),
            len(pairs & seen) / max(1, len(pairs)),
            float(sum(q.value not in there for q in facts.quantities(claim, language))),
            float(len(names - found)),
            float(any(polarity(claim, e, language) for e in evidence)),
            math.log1p(len(ordered)),
            similarity,
        ]

    def _share(self, said: set[str], *sentences: int) -> float:
        """The share of the claim's words, by weight, that these sentences have between them."""
        found = set[str]().union(*(self._weights.sentences[i] for i in sentences))
        return self._weights.sum(said & found) / (self._weights.sum(said) or 1.0)

    def _counter(self, claim: str, said: set[str], chosen: Sequence[int]) -> int | None:
        """The sentence about the same thing that says otherwise, unless another agrees as well."""
        if self._language != "en":
            return None
        shares = {i: self._share(said, i) for i in chosen if not too_long(self._quotes[i])}
        most = max(shares.values(), default=0.0)
        if most < _ABOUT:
            return None
        near = [i for i, share in shares.items() if share == most]
        otherwise = all(conflicts(claim, self._quotes[i], self._quantities) for i in near)
        return near[0] if otherwise else None

    def _verbatim(self, claim: str, cited: Sequence[int]) -> float:
        """The share of word pairs that one sentence has in the same order, if it is nearly all."""
        ordered = terms(claim, self._language)
        shown = [terms(self._quotes[i], self._language) for i in cited]
        if ordered in shown:
            return 1.0
        if len(ordered) < _SENTENCE:
            return 0.0
        pairs = set(pairwise(ordered))
        share = max(len(pairs & set(pairwise(there))) / len(pairs) for there in shown)
        return share if share >= VERBATIM else 0.0

    def _foreign(self, claim: str, cited: Sequence[int]) -> tuple[str, ...]:
        """The names of `claim` that stand neither in the evidence nor shortly before it, nor in
        the first sentence, which is the title if there is one. None in German, where any noun may
        be one.
        """
        if self._language == "de":
            return ()
        near = {0, *(j for i in cited for j in range(max(0, i - _BEFORE), i + 1))}
        found = {t for j in near for t in terms(self._quotes[j], self._language)}
        found = self._whole(claim, found)
        unknown = [n for n in facts.names(claim) if not set(terms(n, self._language)) <= found]
        # A name that the article has nowhere is missing, not moved.
        moved = [n for n in unknown if set(terms(n, self._language)) <= self._every]
        return tuple(moved)

    def _from_memory(
        self, claim: str, numbers: Sequence[str], missing: Sequence[str], around: str
    ) -> bool:
        """Whether of what is `missing`, with these `numbers`, a number in digits stands nowhere in
        the article, of anything, or a name neither there nor in what is `around`: a model has it
        from its memory, or from adding up.
        """
        language = self._language
        known = self._every | set(terms(around, language))
        names = set(facts.names(claim) if language == "en" else ()).intersection(missing)
        return any(
            number[0].isdigit() and not self._every & set(terms(number, language))
            for number in numbers
        ) or any(not self._heard(name, claim, known) for name in names)

    def _heard(self, name: str, claim: str, known: Set[str]) -> bool:
        """Whether `known` has `name`, a word that begins alike ("British" for "Britain"), or any
        other of the full name that `claim` has it in; or the article has their initials. Whether
        initials are from memory is not known, nor whether a word that opens the claim is a name.
        """
        full = next((f for f in facts.full_names(claim) if name in f.split()), name)
        letters = [word[0] for word in full.split() if word.lower() != "the"]
        initials = re.compile(r"\b" + r"\.?\s?".join(map(re.escape, letters)) + r"\b")
        return (
            name.isupper()
            or claim.startswith(name)
            or not known.isdisjoint(terms(full))
            or (len(letters) > 1 and any(initials.search(quote) for quote in self._quotes))
            or any(k[:_ALIKE] == t[:_ALIKE] for t in terms(full) for k in known if t[_ALIKE - 1 :])
        )

    def _absent(self, claim: str, evidence: Sequence[str], asked: str) -> tuple[str, ...]:
        """The quantities, names and quotations of `claim` that the evidence does not have."""
        language = self._language
        there = [q for e in evidence for q in facts.quantities(e, language)]
        units = {t.unit for t in there}
        # "1.9 million pounds, of which fares brought in 740,000": the unit is said once.
        missing = [
            q.text
            for q in facts.quantities(claim, language)
            if not any(
                q.value == t.value and (q.unit in ("", t.unit) or (not t.unit and q.unit in units))
                for t in there
            )
            or self._of_another(q, claim, evidence)
        ]
        text = facts.plain(" ".join(evidence))
        missing += [q for q in facts.quotations(claim) if facts.plain(q) not in text]
        found = {*terms(" ".join(evidence), language), *terms(asked, language)}
        found = self._whole(claim, found)
        missing += [n for n in facts.names(claim) if not set(terms(n, language)) <= found]
        return tuple(dict.fromkeys(missing))

    def _of_another(self, wanted: facts.Quantity, claim: str, evidence: Sequence[str]) -> bool:
        """Whether a sentence that names what `claim` names has another number in the unit of
        `wanted`, which stands only in sentences that name nothing of it. Of two numbers that
        `claim` has both, neither is in the place of the other.
        """
        if self._language != "en" or not wanted.unit:
            return False
        named = {t for name in facts.names(claim) for t in terms(name)}
        told = {q.value for q in facts.quantities(claim)}
        other = False
        for quote in evidence:
            found = {q.value for q in facts.quantities(quote) if q.unit == wanted.unit}
            about = bool(named & set(terms(quote)))
            if wanted.value in found and about:
                return False
            other |= bool(found - told) and wanted.value not in found and about
        return other

    def _whole(self, claim: str, found: set[str]) -> set[str]:
        """The terms `found` with all of each full name in `claim` of which they have a part, if the
        article has that name and gives this part to nobody else; and with names for their acronyms
        and acronyms for their names.
        """
        whole = set(found)
        for name in facts.full_names(claim):
            parts = frozenset(terms(name, self._language))
            others = set[str]().union(*(n for n in self._full_names if not n <= parts))
            # An article may be without capitals.
            known = parts in self._full_names or f" {facts.plain(name)} " in self._plain
            if known and (parts & found) - others:
                whole |= parts
        for short, parts in self._short.items():
            if short <= found or parts <= found:
                whole |= short | parts
        return whole


_AGED = re.compile(
    r"\b\d{1,3}-year-old\b(?:[^.]{0,40}?\b(?:named|called|identified as|is|was))?"
    r"(?: [a-z]\w+)? [A-ZÀ-Þ]\w+"
    r"|\b[A-ZÀ-Þ]\w+(?:, who)?,? (?:(?:is|was) (?:an? )?\d{1,3}[- ]years?[- ]old|aged \d{1,3})\b"
)


_AGED_BRIEFLY = re.compile(r"\b((?:[A-ZÀ-Þ][\w’'-]+ )+[A-ZÀ-Þ][\w’'-]+), (\d{1,3})(?=[,.;)])")
"""“Ann Lee, 34,”: a name and an age."""


def aged_as_another(claim: str, evidence: Sequence[str]) -> bool:
    """Whether `claim` says "Ann Lee, 34," where that is only somebody of another name, be it of the
    same last name.
    """
    aged = {pair for quote in evidence for pair in _AGED_BRIEFLY.findall(quote)}
    for name, age in _AGED_BRIEFLY.findall(claim):
        others = {n for n, a in aged if a == age}
        if others and not any(set(n.split()) <= set(name.split()) or name in n for n in others):
            return True
    return False


def aged_otherwise(claim: str, evidence: Sequence[str]) -> bool:
    """Whether `claim` gives somebody who is named an age that no sentence has with that name:
    whoever else has that age is not yet them.
    """

    def together(said: str, quote: str) -> bool:
        names = set(re.findall(r"[A-ZÀ-Þ]\w+", said)) & set(re.findall(r"\w+", quote))
        ages = {q.value for q in facts.quantities(said)}
        return bool(names) and not ages.isdisjoint(q.value for q in facts.quantities(quote))

    given = [match[0] for match in _AGED.finditer(claim)]
    return any(not any(together(said, quote) for quote in evidence) for said in given)


_SOMEBODY = re.compile(r"(?:^\W*|\b(?:said|says|say|that)\s+)an? \d+-year-old\b", re.IGNORECASE)


def may_be_about(claim: str, evidence: Sequence[str]) -> bool:
    """Whether a sentence of `evidence` leaves open whom it is about: it points back to somebody
    before it names anybody, or names nobody whom `claim` does not. "A 16-year-old" of whom it tells
    is somebody new.
    """
    known = set(facts.names(claim))
    for quote in evidence:
        named = facts.names(quote)
        first = min((quote.find(n) for n in named), default=0)
        if facts.points_back(quote[:first]):
            return True
        if set(named) <= known and not _SOMEBODY.search(quote):
            return True
    return False


_LEAD = re.compile(
    r"^(?:(?:yes|no)[,.]\s+|(?:no, )?the article says (?:otherwise|the opposite|only)(?::|"
    r" that)\s*|"
    r"(?:according to the (?:article|text),?|the (?:article|text) (?:says|states|mentions|notes|"
    r"reports)"
    r"(?: that)?|(?:the|this) (?:article|piece|story|report|text|conversation|interview) is about)"
    r"\s+)",
    re.IGNORECASE,
)


def bare(claim: str) -> str:
    """`claim` without what an answer begins with: "Yes," or "The article says that"."""
    rest = _LEAD.sub("", claim)
    return rest or claim


def too_long(quote: str) -> bool:
    """Whether a sentence is a table or a list more likely than a statement: what stands beside each
    other in it does so by chance.
    """
    return len(quote.split()) > _LONG


def polarity(claim: str, quote: str, language: str = "en") -> bool:
    """Whether a word that both have is negated in one of them only, or one has an opposite."""
    here, there = facts.negated(claim, language), facts.negated(quote, language)
    both = set(terms(claim, language)) & set(terms(quote, language))
    differs = (here ^ there) & both and not here & there
    return bool(differs) or _opposite(claim, quote, here, there)


def _opposite(claim: str, quote: str, here: Set[str], there: Set[str]) -> bool:
    # "did not rise" is "fell": a negated opposite agrees.
    return any((a in here) == (b in there) for a, b in facts.opposites(claim, quote))


_DENIED = re.compile(
    r"(?<=\w )(?:that|who|which) (?:\w+n['’]t|cannot|(?:can|could|did|does|do|is|are|was|were|has"
    r"|have|had|will|would|may|might|should|must) (?:not|never|no longer))\b[^,.;:?!]*\w"
    r"|\bnot (?:having|being|getting)\b[^,.;:?!]*\w"
)
"""A clause inside of a sentence that denies something."""


def _denied(claim: str, asked: str) -> str:
    """What `claim` repeats of a question for somebody "who could not ...", or ""."""
    return next((m[0] for m in _DENIED.finditer(asked) if m[0] in claim), "")


def conflicts(claim: str, quote: str, known: Set[tuple[str, str, str]] = frozenset()) -> bool:
    """Whether `quote`, about the same thing, says otherwise: polarity, a quantity, or roles. What
    is told elsewhere, by value, unit and what it counts, is `known` and no conflict.
    """
    return polarity(claim, quote) or _differs(claim, quote, known)


def opposed(claim: str, quote: str) -> bool:
    """The same, by more than a negation of one of its words."""
    opposite = _opposite(claim, quote, facts.negated(claim), facts.negated(quote))
    return opposite or _differs(claim, quote)


def _differs(claim: str, quote: str, known: Set[tuple[str, str, str]] = frozenset()) -> bool:
    if facts.swapped(claim, quote):
        return True
    there = facts.quantities(quote)
    values = {q.value for q in there}
    return any(
        q.value not in values
        and (q.value, q.unit, q.of) not in known
        and any(q.of and (q.of, q.unit) == (t.of, t.unit) and t.value for t in there)
        for q in facts.quantities(claim)
    )


@cache
def _coefficients() -> dict[str, dict[str, dict[str, list[float]]]]:
    return dict(json.loads(FITTED.read_text()))


def combined(fit: Fit, kind: Literal["lexical", "all", "judged"], values: Sequence[float]) -> float:
    """The fitted probability of support for the values of FEATURES, or of all but the last."""
    fitted = _coefficients()[fit][kind]
    logit = fitted["intercept"][0] + sum(
        weight * (value - mean) / scale
        for weight, value, mean, scale in zip(
            fitted["weights"], values, fitted["means"], fitted["scales"], strict=True
        )
    )
    return sigmoid(logit)


def sigmoid(logit: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))
