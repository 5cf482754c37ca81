"""Where the person is, from a clear statement of theirs; names from `data/knowledge/countries.yml`.

The region chooses help lines, so only a statement about the writer counts ("I'm in Canada",
"我在上海", "坐标北京"), or a message that is nothing but a place; never a place that they merely
speak of ("surgery in Turkey", "去土耳其做").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path

from bot.content import ContentError, line_of, load_yaml
from bot.safety.languages import OtherLanguage

__all__ = ["Regions"]

_LANGUAGES = ("en", "zh")
_MOST_OF_BARE = 60  # characters
_MOST_OF_PASSING = 1000

# Statements about the writer; those further up count more. {place} stands for any name, {where}
# for a place with small words before it, {start} for the start of a sentence.
_STATEMENTS = (
    # where they are from, and then where they are: the second counts
    r"\b(?:im|i am|we are|i come) {who}from [^.!?]{2,30}?,? ?(?:(?:but|and|now|currently|right now"
    r"|im|i am|living|based|staying|studying|working|stuck|here|at (?:uni|university|college"
    r"|school)) ?){1,4} ?in {where}",
    r"(?:(?:我们?|本人|俺|咱)(?:就|也|都)?(?:是|来自)|(?:老家|家)(?:就)?[在是])[^.!?。,]{2,12},?(?:但|可|不过|而)?"
    r"(?:我)?(?:现在|目前|如今|这会儿|人|正|一直){1,2}在{place}{not_there}",
    r"(?:(?:我们?|本人|俺|咱)(?:就|也|都)?(?:是|来自)|(?:老家|家)(?:就)?[在是])[^.!?。,]{2,12},?(?:但|可|不过|而)?"
    r"(?:我)?(?:现在|目前|人|正|一直){0,2}在{place}{busy}",
    r"(?:^|(?<=[.!?。]) ?)(?:现在|目前|人|正|一直){0,2}在{place}{busy}",
    # where they live or are now
    r"(?<!if )(?<!when )(?<!wish )(?<!can )(?<!could )(?<!should )\b(?:i|we) "
    r"(?:(?:currently|now|still|just|also|actually|have|always|do) ){0,2}(?:live|reside|study|work"
    r"|am studying|am working|am living|are living|moved|stay|am staying) "
    r"(?:(?:alone|here|abroad|with my \w{2,12}) ){0,2}(?:in|near|to) {where}",
    r"{start}(?:currently |now )?(?:living|based|located|staying|residing|stuck|studying"
    r"|working) (?:here )?in {where}",
    r"(?<!if )(?<!when )(?<!once )(?<!while )(?<!until )\b(?:im|i am|we are) {who}"
    r"(?:in|near) {where}",
    r"\band i (?:are|am|live|stay|work|study) (?:\w{2,10} ){0,2}in {where}",
    # which number to call there
    r"\b(?:(?:which|what|whats the|phone|emergency|crisis|helpline) number|hotlines?|helplines?"
    r"|(?:crisis|help|a|any|about|phone) lines?|(?:i|we|to|should) (?:call|dial|ring)) "
    r"(?:\w{2,9} ){0,3}"
    r"(?:in|for|from) (?:the )?{place}",
    r"{place}(?:的|这边|那边|这里)?(?:该|要|能)?(?:打|拨|有|报)?(?:的)?(?:哪个|什么|啥|多少|几)?"
    r"(?:急救|求助|心理|危机|自杀|救护车)?(?:电话|号码|热线|救护车)",
    r"{start}were (?:both|all|here) ?(?:here )?in {where}",
    r"\b(?:just|i|we|ive|weve) (?:just |have |already )?(?:arrived in|landed in|got to|flew to"
    r"|came to|got back to|am back in|are back in|reached) {where}",
    r"(?:刚刚?|今天|今早|早上|昨天|昨晚|前天|已经|现在)(?:就|刚|才|又)?(?:飞到|飞回|到|回到|落地|回)了?"
    r"{place}{not_there}",
    r"\bmy (?:country|location|city|region|home) is {where}",
    r"{start}(?:location|country):? ?{where}",
    r"(?<!not )\bhere in {where}",
    r"(?<!如果)(?<!要是)(?<!假如)(?:我们?|本人|咱|俺)(?:现在|目前|人|一直|常年|平时|都|就|也|长期"
    r"|暂时|还|家|一个人|正|是){0,3}(?:住|定居|生活|工作|上班|上学|读书|留学|待|呆)?在{place}{not_there}",
    r"(?:坐标|base) ?[:在]? ?{place}{not_there}",
    r"(?:{start}|我|本人|目前|现在)(?:住在?|定居在?|人在|现居|常住|居住在|身在){place}{not_there}",
    # where they are from
    r"\b(?:im|i am|we are) {who}from {where}",
    r"\bi come from {where}",
    r"{start}(?:(?:hi|hello|hey|greetings|writing|texting|messaging|calling) )?from {where}",
    r"{start}{place} here\b",
    r"{start}{place}人[, ](?=[男女我本\d今])",
    r"(?:我们?|本人|俺|咱)(?:就|也|都)?是(?:一个)?{place}(?:人|的|这边|本地)",
    r"(?:我们?|本人|俺|咱)(?:就|也|都|是)?来自{place}",
    r"(?:{start}|我|我们)(?:老家|家)(?:就)?[在是]{place}",
)
_PARTS = {
    "{start}": r"(?:^|(?<=[.!?,;。:]) ?)",
    "{who}": (
        r"(?:(?:currently|now|just|still|also|here|actually|originally|over|a|an|student|guy|man"
        r"|woman|girl|boy|teen|teenager|male|female|\d{1,2}|\d{1,2}[mf]|year|years|yr|old|yo|living"
        r"|based|staying|studying|working|stuck|right|writing|both|all|alone|up|down|over|out"
        r"|visiting|abroad|at|uni|university|college|school|back|home) ){0,6}"
    ),
    "{where}": (
        r"(?:(?:the|mainland|downtown|central|northern|southern|eastern|western|north|south|east"
        r"|west|rural|a small|a|town|city|village|in|near|of) ){0,4}?"
        # a town that we do not know, and its country: "Augsburg, Germany"
        r"(?:(?!pain|love|debt|tears|trouble|bed|hospital|agony|shock|crisis|rehab|recovery|therapy"
        r"|doubt|fear|hell|touch|progress|surgery|my|the|this|week|month|day)[a-zà-ÿ'-]{3,20}"
        r"(?: [a-zà-ÿ'-]{3,20})?, ?)?{place}"
    ),
    # After a Chinese place: what somebody does who lives there.
    "{busy}": (
        r"(?:留学|读书|念书|读研|读博|读大学|读本科|读硕|上学|上大学|做交换|交换|工作|上班|打工|生活|定居|陪读|出差)"
    ),
    # After a Chinese place: the person speaks of an operation there, not of where they are.
    "{not_there}": (
        r"(?!.{0,4}(?:手术|断骨|增高|延长|开刀|做的|做完|做过|做了|打断|的医院|的医生|的诊所))"
    ),
}
_FILLERS = re.compile(
    r"\b(?:i|im|am|in|at|from|the|its|it|is|near|think|live|my|country|city|here|now|just|uh|um|and|atm|rn|side"
    r"|right|currently|btw|based|still|only|also|please|so|well|out|up|down|over"
    r"|hi|yes|ok)\b|[我在是人的住来自这边了啊呀呢哦嗯那里省市县]|[\W_]+"
)

# A clause that is neither a question nor about an operation, a plan, the past or another
# person says where the writer is as soon as it names a place and the writer, or where they
# are sitting: "my flat is in Leeds", "在广州的出租屋里".
_CLAUSES = re.compile(
    r"[.!?,;:。，！？；、\n]+| (?:but|and then|because|cos|while|although|though|so) "
    r"|(?<!me) and (?=(?:i|im|we|my|he|she|they|now|it|nobody|the) )|而|但是?|不过"
)
_SPOT = (
    r"(?:flat|room|house|home|dorm|apartment|place|uni|university|college|school|town|city|bed|car"
    r"|office|hotel|hostel|motel|hospital|ward|village|balcony|bedsit|bathroom|kitchen|street)"
)
_WRITER = re.compile(
    r"\b(?:im|i am|ive been|we are|weve been|(?:i|we|and me|me and my \w+|my \w+ and i)"
    rf" (?:just |both |all |still )?(?:live|stay|share|sit|rent|board))\b"
    rf"|\b(?:my|our) (?:\w{{2,12}} )?{_SPOT}\b"
    r"|我|咱|俺"
)
# Without a subject: the writer's, unless another was spoken of before.
_NOBODY = re.compile(
    rf"^(?:\w+ )?(?:in|at|inside|from|on) (?:a|an|the|this|some) (?:\w{{2,12}} )?{_SPOT}\b"
    r"|^(?:just |finally )?(?:landed|arrived|calling|writing|texting|typing|sitting|lying|stuck) "
    r"|出租屋|宿舍|酒店|旅馆|民宿|病房|阳台|这边|这里|这儿|厂里|工地|留学|读书|读研|打工|上班|老家|^在|^人[在现]"
)
_OTHERS = re.compile(
    r"\b(?:he|she|they|his|her|hes|shes|brother|sister|friend|son|daughter|mum|mom|dad|wife|husband"
    r"|boyfriend|girlfriend|cousin|patient|guy)\b|他|她|朋友|同学|男友|女友|儿子|女儿|老公|老婆|弟|哥|姐|妹|表|亲戚|网友"
)
_PLACED = re.compile(
    r"(?:\b(?:in|at|from|near|outside|around|back to)(?: (?:the|south|north|east|west|central"
    r"|downtown|rural|suburban|greater|a|an|small|town|city|village|of|outside|near)){0,4} "
    r"|[在家村]"
    r"|现在|人|老家|我|这边是|这里是)$"
)
_AFTER = re.compile(
    r"(?:的?(?:这边|这里|这儿|本地|郊区|出租屋|宿舍|酒店|厂里|工地)|留学|读|上学|上班|打工|工作|的$)"
)
_NOT_OF_THEM = re.compile(
    r"\b(?:surgery|surgeries|surgeon|operat\w*|lengthen\w*|clinics?|procedure|had it|got it|have it"
    r"|get it|done|do it|cost|costs|price|prices|cheap\w*|how much|quote|quoted|legal|law|laws"
    r"|allowed|ban|banned|forbid\w*|rules?|agents?|average|men|women|doctors?|heard|hear|read|saw"
    r"|watch\w*|know|seen|guy|someone|somebody|people|they|he|she|his|her|him|hes|shes|their|was"
    r"|were|used to|grew|born|raised|went|visited|had|got|wish|want|wanna|plan\w*|might|could"
    r"|would|should|will|going|gonna|think\w*|consider\w*|book\w*|trip|travel\w*|flight|fly|ticket"
    r"|if|when|wont|cant|not|dont|never|what|which|about|than|like|why|how|who|compared?|stories)\b"
    r"|手术|断骨|增高|延长|医生|大夫|诊所|机构|中介|做的|做完|做过|多少钱|价|费用|便宜|合法|犯法|规定|法律|听说|看到|有人"
    r"|想去|打算|准备去|要去|飞去|想|他|她|朋友|同学|同事|室友|男友|女友|以前|曾经|小时候|出差|旅游|去过|去年|前年|不|没|如果|要是|平均"
    r"|\b(?:interested|scared|afraid|speak|talk|lost|paid|pay|love|believe|can)\b|人均|哪|什么|怎么|吗|呢|几|谁|像"
)
# "we flew back to Auckland", "we live with my aunt in": what lets a clause of these words count.
_WE_TOO = re.compile(
    r"\b(?:flew|came|come|moved|got|gone|am|are|were) (?:\w{2,8} )?back (?:home )?(?:to|in)\b"
    r"|\b(?:he|she|they) lives? .{2,30} with (?:me|us)\b"
)

# Too short for the file, where they would be found in running text.
_SHORT = {"uk": "GB", "nz": "NZ", "hk": "HK"}
_CAPITAL_US = re.compile(r"\b(in|from|In|From) (?:US\b|U\.S\.)")
_APOSTROPHE = re.compile(r"(?<=[a-z])['`´’‘](?=[a-z])")
_WE_ARE = re.compile(r"\b(we)['`´’‘]re\b", re.IGNORECASE)
_INITIALS = re.compile(r"\b([a-z])\.([a-z])\.?(?:([a-z])\.?)?(?![a-z])")
_SPACES = re.compile(r"\s+")
# Up to a comma or the like; in Chinese a space parts as well.
_FIRST_PART = re.compile(r"[^,，.。;；!！?？\n]{2,40}?(?=$|[,，.。;；!！\n]|(?<=[\u3400-\u9fff]) )")
_TRADITIONAL = str.maketrans(
    "臺灣廣東漢慶蘇龍門國韓倫紐約聖羅馬來亞爾蘭濱島陽長瀋寧連廈華頓內陸舊諾維納麥義奧現們這標",
    "台湾广东汉庆苏龙门国韩伦纽约圣罗马来亚尔兰滨岛阳长沈宁连厦华顿内陆旧诺维纳麦义奥现们这标",
)


class Regions:
    """Finds the person's region. Immutable, safe to share between threads."""

    def __init__(
        self,
        countries: Mapping[str, Iterable[str]],
        cities: Mapping[str, Iterable[str]],
        languages: Iterable[OtherLanguage] = (),
        unclear: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        """Names of countries and of cities in them, by ISO 3166-1 alpha-2 code.

        `languages`: their own statements and names of places count as well. `unclear`: cities whose
        names are words too; they count in a statement only.
        """
        unclear = unclear or {}
        self._unclear = {_simplify(name) for each in unclear.values() for name in each}
        self._cities = {_simplify(name) for each in cities.values() for name in each}
        self._codes = dict(_SHORT)
        self._cities |= self._unclear
        for names in (unclear, cities, countries):
            self._codes |= {_simplify(name): code for code, each in names.items() for name in each}
        languages = tuple(languages)
        longest_first = sorted(self._codes, key=len, reverse=True)
        latin = "|".join(re.escape(name) for name in longest_first if not _is_chinese(name))
        other = "|".join(re.escape(name) for name in longest_first if _is_chinese(name))
        place = rf"(?P<place>\b(?:{latin or '(?!)'})\b|{other or '(?!)'})"
        self._place = re.compile(place)
        self._country_after_city = re.compile(rf", ?{place}(?= ?(?:[,.;!?]|and\b|$))")
        self._statements = [re.compile(_fill(statement, place)) for statement in _STATEMENTS]
        self._spoken = [
            tuple(_simplify(part) for part in phrase.split("{place}"))
            for one in languages
            for phrase in one.lives
        ]
        self._spoken_names = {
            _simplify(name): code
            for one in languages
            for code, names in one.places.items()
            for name in names
        }
        ours = {name for name in self._codes if not _is_chinese(name)}
        self._known = ours | set(self._spoken_names)
        self._lengths = sorted({len(name) for name in self._known}, reverse=True)

    @classmethod
    def load(cls, path: Path, languages: Iterable[OtherLanguage] = ()) -> Regions:
        """Return the finder for one countries file. Raises `ContentError` for a mistake in it."""
        root = load_yaml(path)
        if not isinstance(root, dict) or not root:
            raise ContentError(path, 1, "needs country codes, each with names in en and zh")
        found: dict[str, dict[str, list[str]]] = {"names": {}, "cities": {}, "unclear": {}}
        owner: dict[str, str] = {}
        for code, entry in root.items():
            if not isinstance(code, str) or not re.fullmatch("[A-Z]{2}", code):
                reason = f"{code!r} is not a country code of two capital letters in quotes"
                raise ContentError(path, line_of(root, code), reason)
            if not isinstance(entry, dict) or set(entry) - set(found) or "names" not in entry:
                reason = f"{code} needs 'names', may have 'cities' and 'unclear', and nothing else"
                raise ContentError(path, line_of(root, code), reason)
            for part, both in entry.items():
                for language in _LANGUAGES:
                    listed = both.get(language) if isinstance(both, dict) else None
                    empty = part != "unclear" and not listed
                    if not isinstance(listed, list) or empty:
                        reason = f"{code} needs a list of {part} in {language}"
                        raise ContentError(path, line_of(entry, part), reason)
                    for index, name in enumerate(listed):
                        _check(path, line_of(listed, index), str(name), language, code, owner)
                    found[part].setdefault(code, []).extend(str(name) for name in listed)
        return cls(found["names"], found["cities"], languages, found["unclear"])

    def find(self, text: str) -> str | None:
        """Return the ISO code of the region in which the writer says they are, or None.

        Total: any string, never raises, time linear in the length of the text.
        """
        return self.stated(text) or self.only(text)

    def stated(self, text: str) -> str | None:
        """Return the ISO code where the message says so ("I live in Leeds"), not a bare place."""
        plain = _simplify(text)
        for statement in self._statements:
            match = statement.search(plain)
            if match:
                return self._code(plain, match)
        return self._in_other_words(plain) or self._in_passing(plain)

    def only(self, text: str) -> str | None:
        """Return the ISO code where the message is nothing but a place ("Canada", "我在上海")."""
        plain = _simplify(text)
        alone = plain.strip(" .!。")
        by_itself = None if alone in self._unclear else self._spoken_names.get(alone)
        return self._bare(plain) or by_itself

    def begins(self, text: str) -> str | None:
        """Return the ISO code of a place that a message begins with: "Bangkok, alone in a flat".

        Only where a place was asked for; elsewhere it may be what the message is about.
        """
        first = _FIRST_PART.match(_simplify(text))
        return self._bare(first.group().strip()) if first else None

    def _in_other_words(self, plain: str) -> str | None:
        """Return the region said in another language: "vivo en {place}", "{place}に住んで"."""
        for before, after in self._spoken:
            at = plain.find(before or after)
            if at < 0:
                continue
            if before:
                rest = plain[at + len(before) :].lstrip()
                cut = (rest[:length] for length in self._lengths if _ends_word(rest, length))
                code = self._named(cut)
            else:
                rest = plain[:at]
                code = self._named(rest[-length:] for length in self._lengths)
            if code:
                return code
        return None

    def _in_passing(self, plain: str) -> str | None:
        """Return the region of the one clause that says where the writer is, in any words."""
        if len(plain) > _MOST_OF_PASSING or plain.endswith("?"):
            return None
        found, others = set(), False
        for clause in map(str.strip, _CLAUSES.split(plain)):
            theirs = bool(_WE_TOO.search(clause)) or not _NOT_OF_THEM.search(clause)
            names = _WE_TOO.search(clause) or _WRITER.search(clause)
            named = names or (not others and _NOBODY.search(clause))
            others = others or bool(_OTHERS.search(clause))
            if not theirs or not named:
                continue
            for match in self._place.finditer(clause):
                before, after = clause[: match.start()], clause[match.end() :]
                if _PLACED.search(before) or _AFTER.match(after):
                    found.add(self._codes[match["place"]])
        return found.pop() if len(found) == 1 else None

    def _named(self, candidates: Iterable[str]) -> str | None:
        return next(
            (
                self._spoken_names.get(one) or self._codes[one]
                for one in candidates
                if one in self._known
            ),
            None,
        )

    def _code(self, plain: str, match: re.Match[str]) -> str:
        """Return the code of a match; in "Birmingham, USA" the country decides."""
        if match["place"] in self._cities:
            after = self._country_after_city.match(plain, match.end("place"))
            if after:
                return self._codes[after["place"]]
        return self._codes[match["place"]]

    def _bare(self, plain: str) -> str | None:
        """Return the region of a message that holds nothing but a place; a question is not one."""
        if len(plain) > _MOST_OF_BARE or "?" in plain:
            return None
        places = list(self._place.finditer(plain))
        if any(match["place"] in self._unclear for match in places):
            return None
        if not places or _FILLERS.sub("", self._place.sub(" ", plain)):
            return None
        found = {self._codes[match["place"]] for match in places}
        return found.pop() if len(found) == 1 else None


def _check(
    path: Path, line: int, name: str, language: str, code: str, owner: dict[str, str]
) -> None:
    """Check one name and note whose it is. Raises `ContentError`."""
    key = _simplify(name)
    if len(key) < (3 if language == "en" else 2):
        raise ContentError(path, line, f"the name {name!r} is too short to be told from a word")
    if owner.setdefault(key, code) != code:
        raise ContentError(path, line, f"the name {name!r} belongs to {owner[key]} too")


def _ends_word(text: str, length: int) -> bool:
    """Return whether a word ends there ("peru" in "peruana" does not); Thai has no spaces."""
    inside = text[length - 1 : length + 1]
    return not (len(inside) == 2 and inside.isalpha()) or "\u0e00" <= inside[0] <= "\u0e7f"


def _is_chinese(name: str) -> bool:
    return "\u3400" <= name[:1] <= "\u9fff"


def _fill(statement: str, place: str) -> str:
    """Return a statement as a regular expression."""
    for name, part in _PARTS.items():
        statement = statement.replace(name, part)
    return statement.replace("{place}", place)


def _simplify(text: str) -> str:
    """Return text and names in one spelling: lower case, no apostrophes, Simplified Chinese."""
    plain = _CAPITAL_US.sub(r"\1 the US", unicodedata.normalize("NFKC", text))
    plain = _WE_ARE.sub(r"\1 are", plain).lower().translate(_TRADITIONAL)
    plain = _INITIALS.sub(r"\1\2\3", _APOSTROPHE.sub("", plain))
    return _SPACES.sub(" ", plain).strip()
