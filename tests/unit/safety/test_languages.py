"""Other languages: told apart without fail, danger recognised, vetted words of that language."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path

import pytest
import yaml

from bot.check import check_spoken
from bot.content import ContentError, load_yaml
from bot.nlu.text import detect_language
from bot.paths import DATA
from bot.registry import entries
from bot.safety.assessor import RiskLevel
from bot.safety.languages import SAYS, UNKNOWN, OtherLanguages
from bot.safety.protocol import Facts, advance
from bot.safety.runtime import load_assessor, load_hotlines, load_languages, load_regions, load_risk
from bot.words import load_words

_NOW = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)
FILE = DATA / "safety" / "other_languages.yml"
CODES = ("ar", "nl", "fr", "de", "it", "ja", "ko", "pl", "pt", "es", "th", "tr", "ru")
# One plain sentence of each, in none of the data files.
WISHES = {
    "ar": "أريد أن أموت الآن حقا",
    "nl": "Ik wil echt dood",
    "fr": "Je veux vraiment mourir",
    "de": "Ich will wirklich sterben",
    "it": "Voglio davvero morire",
    "ja": "本当に死にたいです",
    "ko": "정말 죽고 싶어요",
    "pl": "Naprawdę chcę umrzeć",
    "pt": "Eu quero mesmo morrer",
    "es": "De verdad quiero morir",
    "th": "อยากตายจริงๆ",
    "tr": "Gerçekten ölmek istiyorum",
    "ru": "Я правда хочу умереть",
}


@pytest.fixture(scope="module")
def languages():
    return load_languages()


def test_all_languages_of_the_encoder_are_there(languages):
    assert set(languages.languages) >= set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_a_wish_to_die_is_recognised_and_answered_in_that_language(code):
    risk = load_risk().assess(WISHES[code])
    assert (risk.level, risk.spoken, risk.subject) == (RiskLevel.CRISIS, code, "self")
    plan = advance(None, Facts(risk.as_json(), None, 0.0, None))
    assert plan.words == [f"utter_crisis_spoken_{code}", f"utter_goes_on_spoken_{code}"]


@pytest.mark.parametrize("code", CODES)
def test_without_a_classifier_too(code, languages):
    from bot.safety.model import RiskModel

    risk = RiskModel(load_assessor(), None, languages).assess(WISHES[code])
    assert (risk.level, risk.spoken) == (RiskLevel.CRISIS, code)


@pytest.mark.parametrize(
    "text",
    [
        *("i want to die", "no me neither", "die in op", "what does it cost", "precice 2 nail"),
        *(
            "我不想活了",
            "我の腿好痛",
            "ㅋㅋㅋ 笑死我了",
            "我真係唔想再生存落去",
            "zhun bei hao le，zou le",
        ),
        *("", "   ", "?!", "12345", "😭😭", "\ud800", "\x00", "a" * 5000),
    ],
)
def test_english_chinese_and_nothing_are_left_alone(languages, text):
    assert languages.identify(text) in (None, UNKNOWN)
    if any("\u4e00" <= char <= "\u9fff" for char in text) or text.startswith("i want"):
        assert languages.identify(text) is None


def test_identifying_never_raises(languages):
    for point in range(0, 0x3000, 7):
        languages.identify(chr(point) * 3 + " je ne veux pas")


def test_ukrainian_is_not_answered_in_russian(languages):
    assert languages.identify("Я більше не хочу жити") == UNKNOWN
    risk = load_risk().assess("Я більше не хочу жити")
    assert (risk.level, risk.spoken, risk.gentle) == (RiskLevel.CRISIS, None, True)


def test_japanese_is_not_taken_for_chinese():
    assert detect_language("骨延長の手術はいくらですか") is None
    assert detect_language("骨延长手术多少钱") == "zh"


def test_a_broken_layer_leaves_the_others(monkeypatch):
    def boom(*_):
        raise RuntimeError("invented")

    monkeypatch.setattr(OtherLanguages, "identify", boom)
    assert load_risk().assess("i want to kill myself").level is RiskLevel.CRISIS
    assert load_risk().assess("我不想活了").level is RiskLevel.CRISIS


def test_imminent_danger_gets_the_number_first():
    risk = {"level": "crisis", "rules": ["language:de"], "spoken": "de", "imminent": True}
    plan = advance(None, Facts({**risk, "subject": "self"}, None, 0.0, "DE"))
    assert plan.words[0] == "utter_crisis_imminent_spoken_de"
    assert plan.memory["stage"] == "imminent"
    plan = advance(None, Facts({**risk, "subject": "other"}, None, 0.0, "DE"))
    assert plan.words[:2] == ["utter_crisis_imminent_spoken_de", "utter_crisis_other_spoken_de"]


def test_the_words_come_once_and_the_chat_goes_on():
    risk = {"level": "crisis", "rules": ["language:fr"], "spoken": "fr", "subject": "self"}
    first = advance(None, Facts(risk, None, 0.0, None))
    second = advance(first.memory, Facts(risk, None, 0.0, None))
    assert second.level is RiskLevel.CRISIS
    assert not [name for name in second.words if "_spoken_" in name]
    assert second.words
    later = advance(second.memory, Facts({"level": "none"}, None, 0.0, "FR", region_said=True))
    assert "utter_lines_here" in later.words


def test_a_medical_emergency_is_sent_to_care_in_that_language():
    risk = load_risk().assess("Nach der Operation bekomme ich keine Luft und die Brust schmerzt")
    assert (risk.level, risk.urgency) == (RiskLevel.MEDICAL_EMERGENCY, "now")
    plan = advance(None, Facts(risk.as_json(), None, 0.0, "DE"))
    assert plan.words == ["utter_emergency_spoken_de", "utter_goes_on_spoken_de"]
    assert "112" in load_words().render(plan.words[0], {"region": "DE"}, "en")["text"]


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("key", SAYS)
def test_each_text_is_vetted_and_names_no_country_that_was_not_said(code, key):
    words, name = load_words(), SAYS[key].format(code)
    for region in (None, "DE", "ZZ"):
        message = words.render(name, words.safety_values(region, "en"), "en")
        assert words.is_vetted(message)
        assert not words.is_vetted({**message, "text": message["text"] + "."})
        assert "{" not in message["text"]
    unknown = words.render(name, words.safety_values(None, "zh"), "zh")["text"]
    if "{emergency}" in words.responses[name]["en"]["text"]:
        assert load_languages().languages[code].says["emergency"] in unknown
    if "{lines}" in words.responses[name]["en"]["text"]:
        assert len(unknown.split("•")) > 2  # examples, each with its country


def test_examples_speak_the_language_where_a_line_does():
    assert load_hotlines().examples("de")[0].country == "DE"
    assert load_hotlines().examples("ar") == load_hotlines().choose(None, "en", _NOW).examples


def test_the_registry_lists_them_once_in_their_language():
    listed = [entry for entry in entries(load_words()) if "_spoken_" in entry[2]]
    assert len(listed) == len(SAYS) * len(load_languages().languages)
    assert all(name.endswith(f"_{language}") for language, _, name in listed)


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("Ich wohne in Berlin", "DE"),
        ("ich bin aus der Schweiz", "CH"),
        ("vivo en Ciudad de México", "MX"),
        ("живу в Москве", "RU"),
        ("東京に住んでいます", "JP"),
        ("서울에 살아요", "KR"),
        ("İstanbul'da yaşıyorum", "TR"),
        ("Россия", "RU"),
        ("quiero operarme en Turquía", None),
        ("ich bin in einer Krise", None),
        ("nice", None),
    ],
)
def test_the_region_comes_from_what_they_said_and_never_from_the_language(text, region):
    assert load_regions().find(text) == region


def test_a_language_is_added_by_data_alone(tmp_path: Path):
    data = json.loads(json.dumps(load_yaml(FILE)))
    entry = dict(data["de"])
    entry |= {"name": {"en": "Swedish", "zh": "瑞典语"}, "letters": "å", "lives": [], "places": {}}
    entry["words"] = ["jag", "inte", "och", "att", "vill", "är", "kan", "om", "den", "det"]
    entry["examples"] = {
        "crisis": ["Jag vill dö", "Jag orkar inte leva", "Jag tänker på självmord"],
        "imminent": ["Jag gör det nu", "Jag har tagit alla tabletter"],
        "crisis_other": ["Min vän vill ta sitt liv", "Min bror vill dö"],
        "emergency_now": ["Jag kan inte andas", "Ont i bröstet efter operationen"],
        "none": ["Vad kostar operationen", "Tack så mycket", "Hur lång kan man bli"],
    }
    file = tmp_path / "languages.yml"
    file.write_text(yaml.safe_dump({**data, "sv": entry}, allow_unicode=True), "utf-8")
    more = OtherLanguages.load(file)
    assert more.identify("Jag vill inte leva längre") == "sv"
    found = more.assess("Jag vill verkligen dö", "sv")
    assert (found.kind, found.language) == ("crisis", "sv")
    assert check_spoken(file) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda de: de["says"].update(crisis="no placeholders"), "placeholders"),
        (lambda de: de["says"].pop("now"), "says has the texts"),
        (lambda de: de["examples"].update(none=[]), "at least 2"),
        (lambda de: de.update(lives=["ich wohne dort"]), "{place}"),
        (lambda de: de.update(colour="red"), "colour"),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, change, reason):
    data = json.loads(json.dumps(load_yaml(FILE)))
    change(data["de"])
    file = tmp_path / "languages.yml"
    file.write_text(yaml.safe_dump(data, allow_unicode=True), "utf-8")
    with pytest.raises(ContentError, match=reason):
        OtherLanguages.load(file)


def test_an_exclamation_mark_is_a_mistake(tmp_path: Path):
    data = json.loads(json.dumps(load_yaml(FILE)))
    data["es"]["says"]["goes_on"] = "¡Hola!"
    file = tmp_path / "languages.yml"
    file.write_text(yaml.safe_dump(data, allow_unicode=True), "utf-8")
    assert [mistake.reason for mistake in check_spoken(file)] == ["no exclamation marks"]
