"""Whether an article supports a sentence, decided apart from the check that filters answers.

Gold first: words that may not be said, the article's own words, and facts that it has not got are
decided by rules. What is left is decided by a small cross-encoder of another training split than
the assistant's checker (eval.train_checker --leave-out), with evidence chosen by meaning and from
the gold sentences, calibrated on claims with human labels.

    python -m eval.judge --fit ../shared/data/verifier_dev.jsonl
    python -m eval.judge                                    # how good it is, on the shipped claims
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np

from assistant import AssistantError
from assistant.checker import Checker, PackagedChecker
from assistant.engine import open_embedder
from assistant.settings import read as read_settings
from eval.cases import SuiteError, lines
from eval.metrics import Estimate, resampled, words
from index import Article, Embedder, Vectors, from_text, load

HERE = Path(__file__).parent
WEIGHTS = HERE / "judge.safetensors"
FITTED = HERE / "judge.json"
CLAIMS = HERE / "data" / "claims"
ARTICLES = HERE / "data" / "suite"

VERBATIM = "verbatim"

_EVIDENCE = 4
"""Sentences that the cross-encoder is shown, as in its training."""

_LEAD = re.compile(
    r"^(?:according to (?:the )?(?:article|text|author)[^,]*, |the (?:article|text|author) "
    r"(?:says|states|reports|notes|writes|mentions|explains)(?: that)? |"
    r"the article says otherwise: )",
    re.IGNORECASE,
)
_MARKER = re.compile(r"(?:[-*•–#]+|\(?\d{1,2}[.)])\s+")
_NEGATION = re.compile(
    r"\b(?:not|never|no|none|nobody|nothing|neither|nor|without)\b|n[’']t\b", re.I
)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|\w+(?:[’'-]\w+)*")
_OPENERS = frozenset(
    "a an the this that these those he she it its his her they their we our you your i in on at by "
    "for from with to of as if when while after before until since but and or so yet there here "
    "what who which where why how not no all most many some every each both one two three".split()
)
"""What opens a sentence with a capital and is no name."""
_NAME = re.compile(r"(?<![.!?:“\"] )(?<!^)\b[A-ZÀ-Þ][\w’'-]{2,}")


@dataclass(frozen=True)
class Judgement:
    """`probability` that the article supports the claim; `why` is "model" or what a rule found.

    `evidence` are the sentences of the article that were looked at, nearest first; none for words
    that are the article's own.
    """

    supported: bool
    probability: float
    why: str
    evidence: tuple[str, ...]


class Judge:
    """Judges sentences. `name` and `digest` say which judge a report comes from."""

    name = "packaged"

    def __init__(self, embedder: Embedder, model: Checker | None = None) -> None:
        """Raises ModelError if the packaged model is not installed."""
        self._embedder = embedder
        self._model = model or PackagedChecker(WEIGHTS, int8=False)
        self._fit: dict[str, float] = json.loads(FITTED.read_text())
        self._known: dict[str, Vectors] = {}

    @property
    def digest(self) -> str:
        held = hashlib.sha256(Path(__file__).read_bytes() + FITTED.read_bytes())
        held.update(WEIGHTS.read_bytes())
        held.update(self._embedder.name.encode())
        return held.hexdigest()[:16]

    def judge(
        self,
        claim: str,
        article: Article,
        question: str = "",
        gold: Sequence[str] = (),
        computed: Sequence[str] = (),
        forbidden: Sequence[str] = (),
    ) -> Judgement:
        """Whether `article` supports `claim`, said in reply to `question`.

        `gold` are sentences known to be evidence; numbers in `computed` (gold answers) need not
        stand in the article; a claim with a `forbidden` word is never supported.
        """
        bare = _bare(claim, article)
        ruled = ruling(bare, article, question, gold, computed, forbidden)
        if ruled == VERBATIM:
            return Judgement(True, 1.0, ruled, ())
        order, similarity = self._nearest(f"{question} {bare}" if _short(bare) else bare, article)
        quotes = [article.quote(s) for s in article.sentences]
        evidence = tuple(quotes[i] for i in order[:_EVIDENCE])
        ruled = ruled or ruling(bare, article, question, evidence, computed)
        if ruled is not None:
            return Judgement(False, 0.0, ruled, evidence)
        chosen = [i for i, q in enumerate(quotes) if any(g in q or q in g for g in gold)]
        chosen += [i for i in order if i not in chosen]
        text = " ".join(quotes[i] for i in sorted(chosen[:_EVIDENCE]))
        p = self._probability(text, f"{question} {bare}" if _short(bare) else bare, similarity)
        return Judgement(p >= 0.5, round(p, 4), "model", evidence)

    def entails(self, quotes: Sequence[str], claim: str, question: str = "") -> bool:
        """Whether `quotes` alone support `claim`."""
        if not quotes:
            return False
        text = "\n".join(dict.fromkeys(quotes))
        try:
            return self.judge(claim, from_text(text), question, computed=[question]).supported
        except AssistantError:
            return False  # Quotes without a sentence support nothing.

    def features(self, claim: str, article: Article) -> list[float]:
        """What the calibration is fitted on."""
        bare = _bare(claim, article)
        order, similarity = self._nearest(bare, article)
        quotes = [article.quote(s) for s in article.sentences]
        text = " ".join(quotes[i] for i in sorted(order[:_EVIDENCE]))
        return [self._logit(text, bare), similarity, _recall(bare, text)]

    def _probability(self, evidence: str, claim: str, similarity: float) -> float:
        fit = self._fit
        z = (
            fit["intercept"]
            + fit["logit"] * self._logit(evidence, claim)
            + fit["similarity"] * similarity
            + fit["recall"] * _recall(claim, evidence)
        )
        return 1 / (1 + math.exp(-z))

    def _logit(self, evidence: str, claim: str) -> float:
        return self._model.score([(evidence, claim)])[0]

    def _nearest(self, claim: str, article: Article) -> tuple[list[int], float]:
        similar = (
            self._vectors([article.quote(s) for s in article.sentences]) @ self._vectors([claim])[0]
        )
        order = [int(i) for i in np.argsort(-similar, kind="stable")]
        return order, float(similar[order[0]])

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, each text embedded once: edited articles share most sentences."""
        new = [t for t in dict.fromkeys(texts) if t not in self._known]
        if new:
            self._known |= zip(new, self._embedder.embed_passages(new), strict=True)
        return np.stack([self._known[t] for t in texts])


def _bare(claim: str, article: Article) -> str:
    """`claim` without the marker of a list item, emphasis, and words such as "The article says"."""
    bare = claim.replace("**", "").strip()
    marker = _MARKER.match(bare)
    if marker and marker[0] not in article.text:
        bare = bare[marker.end() :]
    return _LEAD.sub("", bare)


def _short(claim: str) -> bool:
    """Whether a claim says nothing without its question."""
    return len(claim.split()) < 5


def _recall(claim: str, evidence: str) -> float:
    said = set(words(claim))
    return len(said & set(words(evidence))) / max(1, len(said))


def ruling(
    claim: str,
    article: Article,
    question: str = "",
    evidence: Sequence[str] = (),
    computed: Sequence[str] = (),
    forbidden: Sequence[str] = (),
) -> str | None:
    """ "verbatim", why the claim cannot be supported, or None if no rule decides."""
    said, text = words(claim), words(article.text)
    spaced = f" {' '.join(said)} "
    for word in forbidden:
        if f" {' '.join(words(word))} " in spaced:
            return f"says {word!r}, which it may not"
    if spaced in f" {' '.join(text)} ":
        return VERBATIM
    known = " ".join([article.text, article.title, question, *computed])
    numbers = {n.replace(",", "") for n in _NUMBER.findall(known)}
    for number in _NUMBER.findall(claim):
        if number.replace(",", "") not in numbers:
            return f"the article has no {number}"
    if article.language == "en":
        names = {w.casefold() for w in re.findall(r"[\w’'-]+", known)}
        for name in _NAME.findall(claim):
            plain = re.sub(r"[’']s?$", "", name).casefold()
            if plain not in names and f"{plain}s" not in names and plain.rstrip("s") not in names:
                return f"the article has no {name}"
        for quote in evidence:
            if _denies(claim, quote):
                return f"says the opposite of {quote!r}"
    for quote in evidence:
        if swapped(said, words(quote)):
            return f"has the parts of {quote!r} in other places"
    if evidence and (other := replaced(claim, evidence, names=article.language == "en")):
        return "has {} where the article has {}".format(*other)
    return None


def _denies(claim: str, quote: str) -> bool:
    """Whether one has a negation and the other, nearly the same, has none."""
    if bool(_NEGATION.search(claim)) == bool(_NEGATION.search(quote)):
        return False
    a, b = (set(words(_NEGATION.sub(" ", t))) for t in (claim, quote))
    return len(a & b) >= 0.85 * len(a) and len(a) >= 4


def swapped(claim: Sequence[str], quote: Sequence[str]) -> bool:
    """Whether the claim's words are the quote's with two of its parts in each other's place.

    A part that only moved ("in May it closed", "it closed in May") is no such change.
    """
    if len(claim) != len(quote) or sorted(claim) != sorted(quote) or list(claim) == list(quote):
        return False
    differ = [i for i, (a, b) in enumerate(zip(claim, quote, strict=True)) if a != b]
    first, last = differ[0], differ[-1] + 1
    a, b = list(claim[first:last]), list(quote[first:last])
    for i in range(1, len(a)):
        for j in range(1, len(a) - i):
            middle = b[i : len(b) - j]
            if middle and b[len(b) - j :] + middle + b[:i] == a:
                return True
    return False


def replaced(claim: str, quotes: Sequence[str], names: bool = True) -> tuple[str, str] | None:
    """The name or number that stands in the claim in the place of another one of the quote that is
    most like it, and that one. None if none does, or if no quote is much like the claim.
    """
    said = _TOKEN.findall(claim)
    lower = [w.casefold() for w in said]
    found = []
    for quote in quotes:
        tokens = _TOKEN.findall(quote)
        matcher = SequenceMatcher(None, [w.casefold() for w in tokens], lower, autojunk=False)
        found.append((sum(m.size for m in matcher.get_matching_blocks()), tokens, matcher))
    same, tokens, matcher = max(found, key=lambda f: f[0])
    if same < max(4, 0.7 * len(said)):
        return None
    seen = {w.casefold() for w in tokens}
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag != "replace":
            continue
        for kind in (_is_number, _is_name)[: 1 + names]:
            old, new = list(filter(kind, tokens[i:j])), list(filter(kind, said[k:m]))
            there = {w.casefold() for w in new} & seen or {w.casefold() for w in old} & set(lower)
            if old and new and not there:
                return new[0], old[0]
    return None


def _is_number(token: str) -> bool:
    return token[0].isdigit()


def _is_name(token: str) -> bool:
    return token[0].isupper() and len(token) > 2 and token.casefold() not in _OPENERS


@dataclass(frozen=True)
class Accuracy:
    """How good the judge is on labelled claims, and what needs no judge: the best threshold on the
    share of a claim's words that its article has (the floor).
    """

    source: str
    balanced: Estimate
    floor: float
    kinds: dict[str, tuple[int, int]]


def accuracy(judge: Judge, path: Path | None = None, limit: int | None = None) -> Accuracy:
    """The judge's balanced accuracy on the claims in `path`, or on the shipped ones.

    With `limit`, on that many of them, evenly spaced.
    """
    rows = _human(path) if path else shipped()
    if limit is not None and limit < len(rows):
        rows = [rows[i * len(rows) // limit] for i in range(limit)]
    found = [
        (label, judge.judge(claim, article).supported, _recall(claim, article.text), group, kind)
        for claim, article, label, group, kind in rows
    ]
    groups = [g for *_, g, _ in found]
    balanced = resampled(found, groups, lambda rows: _balanced([(y, p) for y, p, *_ in rows]))
    if balanced is None:
        raise SuiteError(f"{path or CLAIMS} has not both supported and unsupported claims.")
    cuts = sorted({r for _, _, r, *_ in found})
    floor = max(_balanced([(y, r >= c) for y, _, r, *_ in found]) or 0.5 for c in cuts)
    kinds: dict[str, tuple[int, int]] = {}
    for y, p, _, _, kind in found:
        hits, n = kinds.get(kind, (0, 0))
        kinds[kind] = (hits + (y == p), n + 1)
    return Accuracy(str(path.name if path else "shipped claims"), balanced, round(floor, 4), kinds)


def accuracy_kept(judge: Judge, folder: Path, path: Path | None, limit: int) -> Accuracy:
    """As `accuracy`, kept in `folder` for the next time the same judge meets the same claims."""
    held = hashlib.sha256(f"{judge.digest} {limit}".encode())
    for source in [path] if path else sorted(CLAIMS.glob("*.jsonl")):
        held.update(source.read_bytes())
    file = folder / f"judge-{held.hexdigest()[:16]}.json"
    try:
        known = json.loads(file.read_text())
        kinds = {k: (int(hits), int(n)) for k, (hits, n) in known["kinds"].items()}
        return Accuracy(**{**known, "balanced": Estimate(**known["balanced"]), "kinds": kinds})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        found = accuracy(judge, path, limit)
    folder.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(asdict(found)))
    return found


def _balanced(pairs: Sequence[tuple[bool, bool]]) -> float | None:
    yes, no = [p for y, p in pairs if y], [p for y, p in pairs if not y]
    return (sum(yes) / len(yes) + (len(no) - sum(no)) / len(no)) / 2 if yes and no else None


Labelled = tuple[str, Article, bool, str, str]
"""A claim, the article, whether it is supported, its group and its kind."""


def shipped() -> list[Labelled]:
    """The claims that come with the suite."""
    known: dict[str, Article] = {}
    rows: list[Labelled] = []
    for path in sorted(CLAIMS.glob("*.jsonl")):
        for _, row in lines(path):
            name = row["article_file"]
            article = (
                known.setdefault(name, load(ARTICLES / name)) if name not in known else known[name]
            )
            rows.append((row["claim"], article, row["supported"], name, row["kind"]))
    return rows


def _human(path: Path) -> list[Labelled]:
    rows: list[Labelled] = []
    for _, row in lines(path):
        article = from_text(row["context"])
        rows.append((row["claim"], article, bool(row["label"]), str(row["group"]), row["domain"]))
    return rows


def fit(judge: Judge, path: Path) -> dict[str, float]:
    """The calibration, fitted on the claims in `path`."""
    from sklearn.linear_model import LogisticRegression

    rows = _human(path)
    values = np.array([judge.features(claim, article) for claim, article, *_ in rows])
    model = LogisticRegression(C=10.0).fit(values, [y for _, _, y, *_ in rows])
    names = ("logit", "similarity", "recall")
    weights = {n: round(float(w), 4) for n, w in zip(names, model.coef_[0], strict=True)}
    return {**weights, "intercept": round(float(model.intercept_[0]), 4)}


def main(argv: Sequence[str] | None = None) -> int:
    """Prints how good the judge is, after fitting it if wanted. 0 done, 2 could not run."""
    parser = argparse.ArgumentParser(prog="python -m eval.judge")
    parser.add_argument("data", type=Path, nargs="?", help="claims with human labels")
    parser.add_argument("--fit", type=Path, help="calibrate on these claims")
    args = parser.parse_args(argv)
    try:
        judge = Judge(open_embedder(read_settings()))
        if args.fit:
            FITTED.write_text(json.dumps(fit(judge, args.fit), indent=2) + "\n")
            judge = Judge(open_embedder(read_settings()))
        found = accuracy(judge, args.data)
    except AssistantError as error:
        print(f"eval.judge: {error}", file=sys.stderr)
        return 2
    print(f"balanced accuracy on {found.source}: {found.balanced}; floor {found.floor:.1%}")
    for kind, (hits, n) in sorted(found.kinds.items()):
        print(f"  {kind}: {hits}/{n} right")
    return 0


if __name__ == "__main__":
    sys.exit(main())
