"""What can be checked in a sentence word by word: quantities, names, quotations and polarity.

The patterns are for English. Elsewhere digits and quotations are checked, and the rest is left to
the words that claim and evidence share.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise, product

from assistant.words import FUNCTION_WORDS, stems, terms

_ONES = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen".split()
    )
}
_TENS = {
    word: 10 * value
    for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)
}
NUMERALS = (*_ONES, *_TENS)
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_VAGUE = "dozens|scores|hundreds|thousands|millions|billions|trillions"
UNITS = {
    unit: name
    for name, units in {
        "%": "% percent pct percentage per\u00a0cent",
        "$": "$ dollar dollars usd us$",
        "€": "€ euro euros eur",
        "£": "£ pound pounds gbp",
        "km": "km kilometre kilometres kilometer kilometers",
        "m": "metre metres meter meters",
        "mile": "mile miles",
        "foot": "foot feet ft",
        "kg": "kg kilogram kilograms kilo kilos",
        "tonne": "tonne tonnes ton tons",
        "second": "seconds",
        "minute": "minute minutes",
        "hour": "hour hours",
        "day": "day days",
        "week": "week weeks",
        "month": "month months",
        "year": "year years",
        "degree": "° degree degrees",
        "mw": "mw megawatt megawatts",
        "gw": "gw gigawatt gigawatts",
    }.items()
    for unit in units.split(" ")
}
"""How units are written, and the name that each has here."""

_MONTHS = {
    name: full[:3]
    for full in (
        "january february march april may june july august september october november december"
    ).split()
    for name in (full, full[:3], full[:4])
}
_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)?|[%$€£°]")
_VAGUE_PHRASE = re.compile(
    rf"\b(?:(?:tens|{_VAGUE}) of )?(?:{_VAGUE})\b(?! and\b)|\b(?:a )?(?:dozen|couple)\b",
    re.IGNORECASE,
)


_AGE = re.compile(r"[^\W\d_], \d{1,2},(?! \d)")
"""An age, as in "Ana Ruiz, 41, said", from the last letter of the name on."""


@dataclass(frozen=True)
class Quantity:
    """A number as it is meant. `value` is its canonical form; `unit` a unit or a month, or "";
    `of` the stem of the word that it counts; `text` as written.
    """

    value: str
    unit: str
    of: str
    text: str


def quantities(text: str, language: str = "en") -> list[Quantity]:
    """The quantities of `text`: "80%" and "eighty percent" are equal, "tens of thousands" is no
    number, and a day has its month for a unit.
    """
    found = [
        Quantity(
            " ".join(m[0].casefold().removeprefix("a ").split()),
            "",
            _of(text[m.end() :], language),
            m[0],
        )
        for m in _VAGUE_PHRASE.finditer(text)
    ]
    plain = _VAGUE_PHRASE.sub(lambda m: " " * len(m[0]), text)
    tokens = [(m[0].casefold(), m.start(), m.end()) for m in _TOKEN.finditer(plain)]
    i = 0
    while i < len(tokens):
        value, used = _number(tokens, i)
        if not used:
            i += 1
            continue
        start, end = tokens[i][1], tokens[i + used - 1][2]
        before = tokens[i - 1][0] if i else ""
        after = tokens[i + used][0] if i + used < len(tokens) else ""
        if after == "per" and plain[tokens[i + used][1] :].casefold().startswith("per cent"):
            after = "%"
        unit = UNITS.get(before, "") if before in ("$", "€", "£") else UNITS.get(after, "")
        if _AGE.match(plain, max(0, start - 3)):
            unit = "year"
        # "16 May" and "May 16-17": a day is near its month.
        day = value.isdigit() and 1 <= int(value) <= 31
        if not unit and day:
            near = [after, before]
            if plain[max(0, start - 1) : start] in "-–" and i >= 2:
                near.append(tokens[i - 2][0])
            unit = next((_MONTHS[w] for w in near if w in _MONTHS), "")
        found.append(Quantity(value, unit, _of(plain[end:], language), text[start:end]))
        i += used
    return found


def _number(tokens: list[tuple[str, int, int]], i: int) -> tuple[str, int]:
    """The number that begins at token `i` and how many tokens it takes; 0 if none does."""
    word = tokens[i][0]
    if word[0].isdigit():
        digits = re.sub(r",(?=\d{3}\b)", "", word)
        total = (
            float(digits.replace(",", ".")) if digits.count(".") + digits.count(",") <= 1 else None
        )
        if total is None:
            return digits, 1
        scale = _SCALES.get(tokens[i + 1][0], 0) if i + 1 < len(tokens) else 0
        if scale:
            return _plain(total * scale), 2
        return _plain(total), 1
    total, part, used = 0, 0, 0
    while i + used < len(tokens):
        word = tokens[i + used][0]
        if word in _ONES:
            part += _ONES[word]
        elif word in _TENS:
            part += _TENS[word]
        elif word in _SCALES and (part or total):
            scale = _SCALES[word]
            total, part = (total, part * 100) if scale == 100 else (total + part * scale, 0)
        elif word == "and" and used and i + used + 1 < len(tokens):
            after = tokens[i + used + 1][0]
            joins = tokens[i + used - 1][0] in _SCALES and (after in _ONES or after in _TENS)
            if not joins:
                break
        else:
            break
        used += 1
    # "one" alone is seldom a count: "one of them", "no one".
    if used == 1 and tokens[i][0] in ("one", "zero"):
        return "", 0
    return (str(total + part), used) if used else ("", 0)


def _plain(number: float) -> str:
    return str(round(number)) if number == round(number) else f"{number:g}"


def _of(after: str, language: str) -> str:
    """The stem of the first content word after a number, past its unit: what is counted."""
    clause = re.split(r"[,.;:()]", after, maxsplit=1)[0]
    counted = [t for t in terms(clause, language)[:3] if not t[0].isdigit()]
    return counted[0] if counted else ""


_NAME = re.compile(r"\b[A-ZÀ-Þ][\w’'-]*\w")


def particulars(text: str) -> list[str]:
    """The names and quantities of `text`, as they are written there."""
    return [*names(text), *(q.text for q in quantities(text))]


_FULL_NAME = re.compile(rf"{_NAME.pattern}(?: {_NAME.pattern})+")


def full_names(text: str) -> list[str]:
    """Names of `text` that have two words and more."""
    return list(dict.fromkeys(re.sub(r"['’]s$", "", n) for n in _FULL_NAME.findall(text)))


_SEVERAL_WORDS = rf"{_NAME.pattern}(?: {_NAME.pattern})*"
_LIST_OF_NAMES = re.compile(
    rf"({_SEVERAL_WORDS}(?:, (?:the )?{_SEVERAL_WORDS})+)(,? and (?:the )?[A-ZÀ-Þ])?"
)


def listed_names(text: str) -> int:
    """How many names the longest list in `text` has, as in "Ada, Bo and Cy"."""
    lists = _LIST_OF_NAMES.finditer(text)
    return max((1 + m[1].count(", ") + (m[2] is not None) for m in lists), default=0)


def listed_parts(text: str) -> int:
    """How many parts the list in `text` has, of three words and more each; 0 if it has none: fewer
    than three parts between semicolons, or than four between commas.
    """
    for mark, least in ((";", 3), (",", 4)):
        parts = [p for p in re.split(rf"{mark}(?!\d)", text) if len(p.split()) > 2]
        if len(parts) >= least:
            return len(parts)
    return 0


_ACRONYM = re.compile(r"\(([A-Za-z]{2,8})\)")


def acronyms(text: str) -> list[tuple[str, str]]:
    """Acronyms in parentheses, each with the name before it: the words that it has the first
    letters of, small ones between them left out (after Schwartz and Hearst, 2003).
    """
    found = list[tuple[str, str]]()
    for match in _ACRONYM.finditer(text):
        letters, before = match[1].casefold(), text[: match.start()].split()
        for count in range(len(letters), len(letters) + 3):
            name = before[-count:]
            small = [w.casefold() in FUNCTION_WORDS for w in name]
            told = "".join(w[0] for w, s in zip(name, small, strict=True) if not s).casefold()
            if len(name) == count and told == letters and not small[0]:
                found.append((match[1], " ".join(name)))
                break
    return found


def names(text: str) -> list[str]:
    """Capitalised words of `text` that are not merely so because a sentence begins with them."""
    found = list[str]()
    for match in _NAME.finditer(text):
        before = text[: match.start()].rstrip(" “\"‘'(")
        opens = not before or before[-1] in ".!?:\n"
        follows = re.match(r" (?:[A-ZÀ-Þ]|(?:of|de|van|von|bin|al) [A-ZÀ-Þ])", text[match.end() :])
        plain = re.sub(r"['’]s$", "", match[0])
        if (
            not opens or (follows and plain.casefold() not in FUNCTION_WORDS)
        ) and plain.casefold() not in ("i", "i'm", "i’m", "the", "a", "an"):
            found.append(plain)
    return list(dict.fromkeys(found))


_QUOTED = re.compile(r"[“\"]([^“”\"]+)[”\"]")


def quotations(text: str) -> list[str]:
    """What `text` puts in double quotation marks, of at least two words."""
    return [q for q in _QUOTED.findall(text) if len(q.split()) > 1]


_TWICE = 5


def repeats(text: str) -> bool:
    """Whether `text` has five words in a row twice."""
    words = re.findall(r"\w+", text.casefold())
    runs = [tuple(words[i : i + _TWICE]) for i in range(len(words) - _TWICE + 1)]
    return len(set(runs)) < len(runs)


def plain(text: str) -> str:
    """Lower-case words only: how a quotation is compared with what it quotes."""
    return " ".join(re.findall(r"\w+", text.casefold()))


_NEGATION = re.compile(
    r"\b(?:not|never|no|nor|neither|without|none|nobody|nothing|cannot|unable|barely|hardly|"
    r"den(?:y|ies|ied|ying)|refus(?:e|es|ed|ing)|fail(?:s|ed|ing)?|declin(?:ed|es) to|"
    r"lack(?:s|ed)?|unlikely)"
    r"\b|n['’]t\b",
    re.IGNORECASE,
)
_SCOPE_END = re.compile(
    r"[.,;:!?—–()]|\b(?:but|because|although|though|while|when|if|who|whom|whose|what|which|where|"
    r"why|how|whether)\b",
    re.IGNORECASE,
)
_SCOPE = 4
_NEAR = 2
_BETWEEN = re.compile(r",\s(?:but|and|or|though|yet)\s(?:\w+\s?)?$", re.IGNORECASE)
_AFTER = re.compile(r",\s(?!(?:and|but|or|nor|so|yet|which|who)\b)", re.IGNORECASE)
"""Before and after what is denied between commas: "considered, but does not advise, a fine"."""


def negated(text: str, language: str = "en") -> set[str]:
    """The stems of the content words that a negation in `text` governs, the next four at most, and
    that stand nowhere else in it.
    """
    found = Counter[str]()
    for match in _NEGATION.finditer(text):
        rest = text[match.end() :]
        if re.match(
            r"\s+(?:only|just|merely|simply|until|(?:longer|more|less|other) than|least)\b", rest
        ):
            continue
        end = _SCOPE_END.search(rest)
        if end and _AFTER.match(rest, end.start()) and _BETWEEN.search(text[: match.start()]):
            end = _SCOPE_END.search(rest, end.end())
        found.update(terms(rest[: end.start()] if end else rest, language)[:_SCOPE])
    every = Counter(terms(text, language)) if found else found
    return {term for term, count in found.items() if count >= every[term]}


_POINTS_BACK = re.compile(
    r"\b(he|she|it|they|him|her|them|his|hers|its|their|this|that|these|those|there|then|both)\b",
    re.IGNORECASE,
)
_START = 40


def points_back(sentence: str) -> bool:
    """Whether `sentence` has, in its first 40 characters, a word for what was named before it."""
    return bool(_POINTS_BACK.search(sentence[:_START]))


_OPPOSITES = """
accept reject|accept refuse|agree disagree|agree refuse|allow ban|allow forbid|allow prevent
approve reject|approve oppose|back oppose|support oppose|support reject|favour oppose
start stop|begin stop|open close|open shut|gain lose|win lose|expand cut|higher lower|raise lower
increase lower|more fewer|more less|largest smallest|biggest smallest|highest lowest|most least
best worst|better worse|before after|early late|earliest latest|oldest newest|enter leave|join leave
arrive leave|include exclude|create destroy|build demolish|confirm deny|confirm dispute
common rare|frequent rare|prove disprove|legal illegal
lawful unlawful|possible impossible|likely unlikely|safe unsafe|safe dangerous
public private|guilty innocent|success failure|succeed fail
north south|east west|northern southern|eastern western|left right|praise criticise
praise criticize|welcome criticise|welcome oppose|welcome reject|optimistic pessimistic
satisfied angry|pleased disappointed
strengthen weaken|improve worsen|survive die|buy sell|borrow lend
import export|victory defeat|majority minority
above below|inside outside|remember forget|keep abandon|continue stop|resume stop
arm disarm|trust distrust|rich poor|young old|long short|fast slow
strong weak|easy difficult|easy hard|same different|true false|wide narrow
positive negative
"""


_UP = stems("increase raise rise grow")
_DOWN = stems("decrease reduce cut fall drop decline shrink")


def _opposite_stems() -> dict[str, set[str]]:
    pairs: dict[str, set[str]] = {}
    written = (stems(pair) for pair in re.split(r"[|\n]+", _OPPOSITES.strip()))
    for a, b in [*written, *product(_UP, _DOWN)]:
        pairs.setdefault(a, set()).add(b)
        pairs.setdefault(b, set()).add(a)
    return pairs


_PAIRS = _opposite_stems()


def opposites(claim: str, evidence: str) -> list[tuple[str, str]]:
    """Pairs of stems of which the claim has one and the evidence, of the same thing, its opposite.

    Of the same thing: one of the two content words before or after is the same.
    """
    here, there = _surroundings(claim), _surroundings(evidence)
    return [
        (stem, other)
        for stem in sorted(set(here) - set(there))
        for other in sorted(_PAIRS.get(stem, set()) & (set(there) - set(here)))
        if here[stem] & there[other]
    ]


def _surroundings(text: str) -> dict[str, set[str]]:
    """For each stem of `text` the two content stems before and the two after it."""
    every = stems(text)
    content = set(terms(text))
    found: dict[str, set[str]] = {}
    for i, stem in enumerate(every):
        before = [s for s in every[:i] if s in content][-_NEAR:]
        after = [s for s in every[i + 1 :] if s in content][:_NEAR]
        found.setdefault(stem, set()).update(before, after)
    return found


def swapped(claim: str, evidence: str) -> bool:
    """Whether two names stand around the same verb in the reverse order, both active or passive.

    "A accused B" for "B accused A". Anything less plain is left to the learned score.
    """
    here, there = _frames(claim), _frames(evidence)
    return any(
        (b, verb, a, by) in there and (a, verb, b, by) not in there for a, verb, b, by in here
    )


def _frames(text: str) -> set[tuple[str, str, str, bool]]:
    """(name, stem of a word between, next name, whether "by" stands before it)."""
    found = set[tuple[str, str, str, bool]]()
    for clause in re.split(r"[;:.!?](?:\s|$)", text):
        places = [(m.start(), m.end(), m[0]) for m in _NAME.finditer(clause)]
        groups: list[tuple[int, int, str]] = []
        for start, end, _ in places:
            if groups and clause[groups[-1][1] : start] == " ":
                groups[-1] = (groups[-1][0], end, clause[groups[-1][0] : end])
            else:
                groups.append((start, end, clause[start:end]))
        for (_, end, first), (start, _, second) in pairwise(groups):
            between = clause[end:start]
            if len(between.split()) <= 5 and "," not in between:
                by = bool(re.search(r"\bby\s*(?:the\s*)?$", between))
                for verb in terms(between):
                    found.add((first.split()[-1], verb, second.split()[-1], by))
    return found
