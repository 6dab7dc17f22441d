"""The kind of answer that a question asks for (Li and Roth, 2002), and whether a sentence has it.

Only what is plain is decided; where a question does not show what it wants, everything suits. The
patterns are for English.
"""

from __future__ import annotations

import re

from assistant import facts
from assistant.words import terms

_ASKS = re.compile(
    r"\W*(?:who|whom|whose|what|which|when|where|why|how|wer|wen|wem|wessen|was|welche\w*|wann|wo|"
    r"warum|wie|qui[eé]n\w*|qu[eé]|cu[aá]l\w*|cu[aá]ndo|d[oó]nde|c[oó]mo|cu[aá]nt\w+)\b",
    re.IGNORECASE,
)
_START = (
    r"^(?:(?:(?!\b(?:who|whom|what|which|when|where|why|how)\b)[^,?]){1,80}, )?"
    r"(?:(?:up to|by|for|at|in|on|to|from|since|until|till|after|before|around|with|within|over) )?"
)
"""What may stand before the word that asks: "In 2019, by how much ...?"."""

_VERB = (
    r"(?=\W*$|\s+(?:of|did|does|do|is|are|was|were|will|would|has|have|had|must|can|could|should|may|"
    r"might)\b)"
)
"""What follows a noun that is asked for: "which day did", not "which day care"."""

_MEASURE = re.compile(rf"{_START}how (?:far|deep|tall|high|wide|thick)\b", re.IGNORECASE)
_COUNT = re.compile(
    rf"{_START}(?:how (?:many|much|large|big|often|fast|late)\b"
    r"|what (?:percentage|proportion|share|fraction|number|amount) of\b)",
    re.IGNORECASE,
)
_SPAN = re.compile(rf"{_START}(?:how (?:old|long)|what age)\b", re.IGNORECASE)
_MONEY = re.compile(
    rf"{_START}(?:what (?:does|do|did|will|would) .+"
    r" (?:(?:cost|charge)\W*$|cost (?:an?|the|each|every) \w+ to )"
    r"|what (?:is|was|are|were|will|would) the (?:price|fare|fee|cost|salary|rent)s?\b"
    r"|how much (?:money|(?:does|do|did|will|would) .*\b(?:cost|pay|charge|earn))\b)",
    re.IGNORECASE,
)
_WHEN = re.compile(
    rf"^when\b|{_START}(?:when|what time|(?:what|which) (?:month|day|date)){_VERB}", re.IGNORECASE
)
_YEAR = re.compile(
    rf"{_START}(?:what|which) (?:years?|decades?|century|centuries){_VERB}", re.IGNORECASE
)
_WHO = re.compile(rf"{_START}(?:who|whom|whose)\b", re.IGNORECASE)

_UNITS = {
    _MEASURE: {"km", "m", "mile", "foot", "second", "minute", "hour", "day", "%", "$", "€", "£"},
    _MONEY: {"$", "€", "£", "%"},
    _WHEN: {"second", "minute", "hour", "day", "week", "month", "year"},
}
"""What the numbers of an answer may be of, where that is known of them."""

_SOME = re.compile(
    r"\b(?:once|twice|one|none|no|several|few|many|all|half|third|quarter|"
    r"(?<!the )most(?! \w+(?:ed|ing|ful|al|ous|ive|ar|ant|ent|ible|able|ly)\b)|"
    r"(?:fif|six|seven|eigh|nin|ten)ths?|majority|minority|both|some|much|little|every|each|daily|"
    r"weekly|monthly|yearly|annual\w*|never|always|until|since|longer|larger|bigger|small|large|big|"
    r"old|young|far|deep|high|free|nothing|double|enough)\b",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|today|yesterday|tomorrow|tonight|now|soon|"
    r"later|ago|last|next|this|after|before|during|while|until|since|when|once|morning|evening|night|"
    r"spring|summer|autumn|fall|winter|century|week|month|year|decade|day|recent\w*|early|late|start|"
    r"end|beginning|never|always|january|february|march|april|may|june|july|august|september|october|"
    r"november|december)\b",
    re.IGNORECASE,
)
_YEARS = re.compile(
    r"\b(?:\d{3,4}s?|years?|decades?|century|centuries|ago|last|this|next|same)\b", re.IGNORECASE
)
_MONTH = "(?:january|february|march|april|may|june|july|august|september|october|november|december)"
_DATE = re.compile(
    rf"\b{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?(?:[-–]\d+)?(?:,? \d{{4}})?\b"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}(?:,? \d{{4}})?\b|\b{_MONTH},? \d{{4}}\b"
    r"|\b(?:in|since|until|before|after|during|year|spring|summer|autumn|fall|winter)(?: of)?"
    r" (?:1[5-9]|20)\d\d\b(?! (?:\w+s|people|men|women|children)\b)"
    r"|\bthe (?:1[5-9]|20)\d\d\b (?!\w+s\b)"
    r"|\b(?:a quarter|half|\w+ minutes?) (?:to|past) \w+|\b\d{1,2}:\d\d\b|\b\w+ o['’]clock"
    r"|\b\d{1,2}(?:[.:]\d\d)? ?[ap]\.?m\b\.?",
    re.IGNORECASE,
)


def suits(question: str, sentence: str, language: str = "en") -> bool:
    """Whether `sentence` is the kind of answer that `question` asks for.

    "How many" wants a number that is no date, "how deep" none of tonnes, "what does it cost" none
    of days, "until what year" a year, "when" none that counts things, "who" more than a date; and
    what says no more than the question answers none but yes or no.
    """
    told = _DATE.sub(" ", sentence) if _WHO.search(question) else sentence
    new = set(terms(told, language)) - set(terms(question, language))
    if not new and _ASKS.match(question):
        return False
    if language != "en":
        return True
    if _YEAR.search(question):
        return bool(_YEARS.search(sentence))
    if _WHEN.search(question):
        return bool(_TIME.search(sentence) or _DATE.search(sentence)) or any(
            _is_time(q) for q in facts.quantities(sentence)
        )
    if _SPAN.search(question):
        return bool(facts.quantities(sentence) or _SOME.search(sentence))
    wanted = next((p for p in (_MONEY, _MEASURE, _COUNT) if p.search(question)), None)
    if wanted is None:
        return True
    undated = _DATE.sub(" ", sentence)
    known, units = set(facts.UNITS.values()), _UNITS.get(wanted)
    fit = [
        q
        for q in facts.quantities(undated)
        if units is None or q.unit in units or q.unit not in known
    ]
    return bool(fit or _SOME.search(undated))


def _is_time(quantity: facts.Quantity) -> bool:
    """Whether a number may be a time: of days, of a month, a year, or of nothing that is told."""
    unit = quantity.unit
    known = unit in _UNITS[_WHEN] or unit not in facts.UNITS.values()
    year = re.fullmatch(r"1\d{3}|20\d\d", quantity.value)
    return bool(year) or (known and not (quantity.of and not unit))
