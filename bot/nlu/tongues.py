"""Tells which other language of the encoder a message is in; imports nothing of Rasa.

By script where the script tells, else by function words: short words that every longer sentence of
a language holds and that English does not. Silent on short or mixed text: a false alarm disturbs
the people whom Upright is for.
"""

from __future__ import annotations

import re

_SCRIPTS = {
    "ar": re.compile(r"[\u0621-\u064a]"),
    "th": re.compile(r"[\u0e01-\u0e4e]"),
    "ru": re.compile(r"[\u0400-\u04ff]"),
    "ko": re.compile(r"[\uac00-\ud7a3]"),
    "ja": re.compile(r"[\u3041-\u3096\u30a1-\u30fa]"),
}
_LEAST_LETTERS = 4  # of a script, so that a name or an emoticon tells nothing
_FUNCTION_WORDS = {
    "nl": "de het een ik je wat hoe lang niet voor van wordt kan mijn naar maar ook zijn heeft na"
    " operatie deze dit waarom moet veel gevaarlijk ben bij uit wel geen"
    " duurt doet pijn lopen hoeveel kost",
    "fr": "le la les un une des du je tu il est sont que qui quoi combien ne pas pour dans avec sur"
    " mais ma mon mes peut opération après ça et faut fait très quel quelle"
    " coûte temps douleur suis c'est",
    "de": "der die das ein eine ich ist sind nicht wie lange für mit und nach auf man kann mein"
    " meine wird werden wenn aber auch es gibt muss was warum tut weh beine"
    " viel kostet gefährlich bin",
    "it": "il lo la gli un una di che non per con sono è quanto come dopo mi mio mia può si ma"
    " perché operazione gambe della del nel costa fa male dolore tempo questo questa quanti ho",
    "pl": "nie jest czy jak ile po na się do za ja mam mogę można będzie operacji operacja dlaczego"
    " długo boli kosztuje nogi i co to tego tak jestem żeby trzeba",
    "pt": "o os um uma de que não para com é são quanto como depois eu meu minha pode mas por"
    " cirurgia operação pernas custa tempo dor isso você tem dói fazer da do na no muito",
    "es": "el la los las un una de que no para con es son cuánto cuanto como cómo después yo mi"
    " puede puedo pero por cirugía operación piernas cuesta tiempo dolor duele esto"
    " tiene hay muy del se",
    "tr": "bir ve bu ne kadar için mi mı mu mü ameliyat ameliyatı sonra var yok nasıl çok ben"
    " bacak uzatma ağrı olur süre değil ile daha kaç neden sonrası boy yürüyebilirim",
}
_WORDS = {language: frozenset(words.split()) for language, words in _FUNCTION_WORDS.items()}
# Also English, Pinyin or a shorthand: they speak for English.
_ENGLISH_WORDS = (
    "a about after all an and are as at be but by can could did "
    "do does for from get got has have he her his how i if in "
    "is it just like long me more much my no not of on one or "
    "out she so some that the there they this to up was we what when "
    "which who why will with would you your "
)
_ENGLISH = frozenset(_ENGLISH_WORDS.split())
TONGUES = (*_SCRIPTS, *_FUNCTION_WORDS)
_WORD = re.compile(r"[a-zà-öø-ÿāăąćčďęěğıłńňœřśşšťůźżž']+")
_LEAST_WORDS, _LEAST_HITS = 4, 3
_TO_ALL = frozenset({"no", "me", "he", "do", "die", "to", "on", "so", "a", "i"})


def other_language(text: str) -> str | None:
    """Return the code of another language than English and Chinese, or None where unsure.

    One of ar, de, es, fr, it, ja, ko, nl, pl, pt, ru, th, tr.
    """
    letters = sum(char.isalpha() for char in text)
    for language, script in _SCRIPTS.items():
        found = len(script.findall(text))
        # Japanese mixes in Chinese characters; a third in kana is a Japanese sentence.
        if found >= _LEAST_LETTERS and found * (3 if language == "ja" else 2) >= letters:
            return language
    words = _WORD.findall(text.lower().replace("’", "'"))
    if len(words) < _LEAST_WORDS:
        return None
    english = sum(word in _ENGLISH for word in words)
    hits = {
        language: len({word for word in words if word in own and word not in _TO_ALL})
        for language, own in _WORDS.items()
    }
    best, second, *_ = sorted(hits, key=hits.__getitem__, reverse=True)
    clear = hits[best] >= _LEAST_HITS and hits[best] > hits[second] and hits[best] > english
    return best if clear and 3 * hits[best] >= len(words) else None
