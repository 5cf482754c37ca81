"""Finds the questions of a message that asks several things; imports nothing of Rasa.

`split` cuts at sure borders: punctuation, "and how", "还有". `cuts` gives the places where only
understanding tells whether two things are asked ("risks and cost?", "多久能走路要花多少钱"), and
`asked` lets a classifier judge those. Texts are normalised (lower case, `bot.nlu.text`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from bot.nlu.text import CJK_CHARACTER

# From texts to their topics, each with the probability; None for what is no question of a topic.
Understand = Callable[[Sequence[str]], Sequence[tuple[str | None, float]]]

_CLEAR = 0.5  # probability from which a part of a message counts as a question of its own
_CLEAR_CUT = 0.6  # the same for a half of a part that could be one question
_CLEAR_JOINT = 0.4  # the same for a half that may be cut again
_CLEAR_NAME = 0.9  # the same for what only names a subject
_CLEAR_TOLD = 0.9  # the same for a question in a message that also tells something
_CERTAIN = 0.9  # a whole understood as a third topic is one name, as "pins and needles"
_MOST_PIECES = 40  # of a longer message, the end
_MOST_CUTS = 16  # places tried in one part
_DEPTH = 3

_HAN = r"[\u3400-\u9fff]"
# "疼不疼", "能不能", "做没做", "严不严重"; not "动不动", "时不时".
_A_NOT_A = rf"(?!动不动|動不動|时不时|時不時|偏不偏)({_HAN})[不没沒]\1"
_FINAL = r"(?:吗|嗎|(?<![这那怎什这這多])[么麼]|嘛|呢)(?:[啊呀哦]|(?=[?？\s]|$))?"
_WORDS_ZH = (
    r"多少|多久|多大|多高|多长|多長|多疼|多痛|多重|多严重|多貴|多贵"
    r"|(?<![好十前这這那过過有])几(?=[个天年岁次月周厘公成块种级条个只倍星分小])"
    r"|(?<![好十前这這那过過有])幾(?=[個天年歲次月週周厘公成塊種級條隻倍星分小])"
    r"|(?<!不知)(?<!不晓得)怎[么麼样樣]|咋|如何|(?<![没沒])[什甚][么麼]|啥|哪|为何|為何|能否|是否|可否"
    r"|有没有|有沒有|谁|誰"
)
_NOT_DONE = (  # "好了没有", "有后遗症没有"
    r"(?<=[了过過])[没沒]有?(?=[啊呀?？\s]|$)"
    r"|(?<=有)(?:(?![没沒有]).){1,8}[没沒]有(?=[啊呀?？\s]|$)"
)
_MARK_ZH = re.compile(f"{_FINAL}|{_WORDS_ZH}|{_NOT_DONE}|可不可以|{_A_NOT_A}")
_REQUEST = re.compile(
    r"\b(?:tell me|want to know|wanna know|like to know|wonder(?:ing)?|curious about|whether"
    r"|(?:what|how) about|explain)\b|想知道|想问|想問|请问|請問|问一下|問一下|告诉我"
    r"|告訴我|说说|說說|讲讲|講講|介绍|介紹|了解|科普"
)
_AUXILIARY = (
    r"(?:is|are|am|was|were|can|could|do|does|did|will|would|should|may|might|isn't|aren't"
    r"|can't|won't|don't|doesn't|(?:has|have)(?= (?:any|anyone|you|they|there|people)\b))"
)
_OPENING = (
    r"(?:(?:and|but|so|also|plus|ok|okay|then|well|hi|hey|hello|please|pls|or|oh|like|btw|lastly"
    r"|finally|first|firstly|second|secondly|third|thirdly|next|besides|another (?:thing|question)"
    r"|one more(?: thing| question)?|\d[.)])[,:]?\s+)*"
)
_FIRST_EN = (
    r"(?:how|what|what's|whats|which|why|who|whose|any"
    rf"|(?:when|where|if) {_AUXILIARY}\b|{_AUXILIARY})\b(?! (?:if|when)\b)"
)
_ASKS_EN = re.compile(
    rf"^{_OPENING}{_FIRST_EN}|\bhow (?:much|long|many|often|painful|bad|tall|far|soon|big"
    rf"|dangerous|safe|risky|expensive)\b|\b(?:will|can|does|do|would|should) (?:it|i|you|they"
    rf"|the|my)\b"
)
_QUESTION_MARK = re.compile(r"[?？]")

_MORE = r"(?:还有|還有)(?![没沒])|以及|另外|顺便|順便|再问|再問"
_BORDER = re.compile(
    r"(?<=[?？!！。;；\n…])\s*|(?<=[a-z0-9)])[.]\s+"
    r"|\s*[,，](?!\s*(?:or\b|还是|還是|或))\s*(?:and\s+|also\s+|plus\s+)?"
    rf"|\s+(?:and|also|plus|as well as)\s+(?=(?:also\s+)?(?:how|what|when|where|which|who|why|if"
    rf"|{_AUXILIARY})\b)|(?:{_MORE})[，,]?"
)
_JOINT = re.compile(
    r"\s+(?:and|also|plus|as well as)\s+|\s*[&+、]\s*|(?:以及|和|与|與|加上)(?!平|谐|諧|解)"
)
_RUN_ON_EN = re.compile(
    r"\s+(?=(?:how (?:much|long|many|often|painful)|what (?:is|are|does)|does it"
    r"|will (?:it|i|there)|can (?:i|it|you)|is (?:it|there)|are there)\b)"
)
# What is weighed, told apart or summed up belongs together, and so do these pairs.
_COMPARES = re.compile(
    r"\b(?:or|vs|versus|better|worse|difference|differ|compared?|comparison|between|both|than"
    r"|besides|other than|apart from|except)\b|哪[个個种種样樣]|区别|區別|差别|差別|不同"
    r"|比较|比較|对比|對比|相比|还是|還是|关系|關係|除了|更|差多少|差在"
    r"|\binclud\w+|这些|這些|之类|之類|等等|包括|包含|算在"
)
_PAIRS = re.compile(
    r"\b(?:pins and needles|costs? and benefits?|benefits? and costs?|pros and cons"
    r"|risks? and benefits?|benefits? and risks?|nuts and bolts|black and blue|skin and bones?"
    r"|wear and tear|trial and error|ups and downs|now and then|before and after|safe and sound"
    r"|terms and conditions|time and money|arms and legs|friends and family|mum and dad"
    r"|mom and dad)\b"
    r"|利和弊|利与弊|利與弊|得与失|得失|爸和妈|爸爸和妈妈|父亲和母亲|前和后|术前和术后"
)
_NO_NAME = re.compile(
    r"\b(?:i|im|i'm|i've|me|my|he|she|we|us|our|you|your|they|them|their|it|its|this|that|these|those"
    r"|be|been|not|no|if|when|because|since|after|before|while|during|with|at|on|in|to|from|as|had"
    r"|got|get|getting|going|went|want|need|think|feel|know|said|says|just|very|so|too|still"
    r"|already|like|now|then|thanks|sorry|please)\b"
    r"|[我你您他她它咱这這那了过過着著是不没沒想会會能就都也很太被把让讓给給在到说說有做去来來后後前时時别別"
    r"如若万萬但所因虽雖已刚剛又再才吧啊呀哦嗯谢謝]"
)
_LETTER = re.compile(r"\w")
_WORD = re.compile(r"[a-z0-9'-]+")


def pieces(text: str) -> list[str]:
    """Return all parts of `text` between sure borders, what is told as well as what is asked."""
    return [part.strip() for part in _BORDER.split(text) if part and part.strip()][-_MOST_PIECES:]


def split(text: str) -> list[str]:
    """Return the parts of `text` that ask something, in order; fewer than two: nothing to split.

    A part that only names a subject counts where the message does nothing but ask and name.
    """
    parts, _ = _candidates(text)
    return parts if len(parts) >= 2 else []


def cuts(part: str) -> list[tuple[str, str]]:
    """Return the ways to cut one part in two, each half a question or the name of a subject.

    Nothing for a comparison ("nail or frame") or a pair of words that belong together.
    """
    if _COMPARES.search(part) or _PAIRS.search(part):
        return []
    found = [(part[: m.start()], part[m.end() :]) for m in _JOINT.finditer(part)]
    for match in _RUN_ON_EN.finditer(part):
        found.append((part[: match.start()], part[match.end() :]))
    found += [(part[:place], part[place:]) for place in _between_marks(part)]
    halves = [(left.strip(), right.strip()) for left, right in found]
    fitting = [both for both in dict.fromkeys(halves) if all(map(_stands_alone, both))]
    return fitting[:_MOST_CUTS]


def asked(text: str, understand: Understand) -> list[tuple[str, float]]:
    """Return the different topics asked in `text` with their probabilities, in order.

    Nothing where it asks fewer than two. A part that is not understood is left out.
    """
    parts, told = _candidates(text)
    if not parts or (len(parts) == 1 and not cuts(parts[0])):
        return []
    found: dict[str, float] = {}
    for part, reading in zip(parts, understand(parts)):
        for name, confidence in _resolve(part, reading, understand, _DEPTH):
            if confidence >= _CLEAR_TOLD or not told:
                found.setdefault(name, confidence)
    return list(found.items()) if len(found) >= 2 else []


def asks(text: str) -> bool:
    """Return whether normalised `text` has a question mark or a question word."""
    return bool(_ASKS_ANYWHERE.search(text) or _MARK_ZH.search(text))


# "I know [what it costs]": no question after words that ask nothing.
_RELATIVE = re.compile(
    r"^(?:what|who|which|why|where|when|how(?! (?:much|long|many|often)))\b"
    rf"(?!.{{0,20}}\b{_AUXILIARY}\b)[^?？]*$"
)
# Loose, for a message that is known to lean on another one.
_ASKS_ANYWHERE = re.compile(
    r"[?？]|\b(?:how|what|whats|when|where|which|who|why|is|are|can|could|do|does|will|would"
    r"|should|any)\b|吗|么|嘛|呢|几|幾|怎|为什么|为啥"
)


def _candidates(text: str) -> tuple[list[str], bool]:
    """Return the parts that may be questions, and whether the message also tells something."""
    parts = pieces(text)
    asking: list[bool] = []
    for part in parts:
        told = bool(asking) and not asking[-1]
        asking.append(_asks_itself(part) and not (told and _RELATIVE.search(part)))
    listed = not _COMPARES.search(text)
    if listed and all(ask or _names(part) for part, ask in zip(parts, asking)):
        return [part for part in parts if _has_words(part)], False
    return [part for part, ask in zip(parts, asking) if ask and _has_words(part)], not all(asking)


def _resolve(
    part: str, reading: tuple[str | None, float], understand: Understand, depth: int
) -> list[tuple[str, float]]:
    """Return the topics of one part: those of its halves where both are clear, else its own."""
    options = cuts(part) if depth else []
    if options:
        readings = understand([half for both in options for half in both])
        best: tuple[float, int] | None = None
        for index, (left, right) in enumerate(options):
            (one, p), (other, q) = readings[2 * index : 2 * index + 2]
            if not one or not other or one == other:
                continue
            if p < _needed(left) or q < _needed(right):
                continue
            if reading[0] not in (one, other) and reading[0] and reading[1] >= _CERTAIN:
                continue
            if best is None or min(p, q) > best[0]:
                best = min(p, q), index
        if best:
            index = best[1]
            left, right = options[index]
            first = _resolve(left, readings[2 * index], understand, depth - 1)
            return first + _resolve(right, readings[2 * index + 1], understand, depth - 1)
    name, confidence = reading
    needed = _CLEAR if _asks_itself(part) else _CLEAR_NAME
    return [(name, confidence)] if name and confidence >= needed else []


def _needed(half: str) -> float:
    if cuts(half):
        return _CLEAR_JOINT
    return _CLEAR_CUT if _asks_itself(half) else _CLEAR_NAME


def _between_marks(part: str) -> list[int]:
    """Return the places between the question words of Chinese without punctuation."""
    marks = list(_MARK_ZH.finditer(part))
    places: list[int] = []
    for mark, following in pairwise(marks):
        if re.fullmatch(_FINAL, mark.group()) or mark.group().startswith(("没", "沒")):
            places.append(mark.end())
        else:
            places += range(mark.end(), following.start() + 1)
    return [place for place in places if 0 < place < len(part)]


def _asks_itself(part: str) -> bool:
    return bool(
        _QUESTION_MARK.search(part)
        or _MARK_ZH.search(part)
        or _ASKS_EN.search(part)
        or _REQUEST.search(part)
    )


def _names(part: str) -> bool:
    """Return whether a part may be the bare name of a subject ("the cost", "恢复时间")."""
    han, words = len(CJK_CHARACTER.findall(part)), len(_WORD.findall(part))
    short = 2 <= han <= 6 and words <= 1 if han else 1 <= words <= 4
    return short and not _NO_NAME.search(part) and not _has_end(part)


def _has_end(part: str) -> bool:
    return part.endswith(("!", "！", "。", "…"))


def _stands_alone(half: str) -> bool:
    return _has_words(half) and (_asks_itself(half) or _names(half.rstrip("?？. ")))


def _has_words(part: str) -> bool:
    return len(_LETTER.findall(part)) >= 2
