"""Vetted words: everything renders in both languages, and nothing else passes."""

import re
import sys
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.knowledge.schema import LANGUAGES, limit, size
from bot.content import ContentError
from bot.paths import ROOT
from bot.words import NEEDED, WordsError, load_words, read_responses

NOON = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)
TOPIC = "complication.nerve_injury"


@pytest.fixture(scope="module")
def words():
    return load_words()


def every_message(words):
    """Yield every message that topics can give."""
    for topic in words.knowledge.topics.values():
        facets = ("answer", *topic.facets, *(f"country:{code}" for code in topic.countries))
        for facet in facets:
            for index in range(len(words.knowledge.bubbles(topic, facet))):
                for language in LANGUAGES:
                    values = {"topic": topic.id, "facet": facet, "index": index, "offer": []}
                    yield words.render("kb_claims", values, language)


def test_words_do_not_need_rasa():
    import subprocess

    code = "import sys, bot.words; bot.words.load_words(); assert 'rasa' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_every_topic_message_renders_stays_short_and_is_vetted(words):
    count = 0
    for message in every_message(words):
        language = message["language"]
        assert size(message["text"], language) <= limit(language)
        assert words.is_vetted(message)
        assert all(words.is_issued(button["payload"]) for button in message["buttons"])
        count += 1
    assert count > 500


def test_both_languages_have_the_same_bubbles_sources_and_payloads(words):
    pairs = {}
    for message in every_message(words):
        key = tuple((k, str(v)) for k, v in message["values"].items())
        pairs.setdefault(key, []).append(message)
    for english, chinese in pairs.values():
        assert [s["id"] for s in english["sources"]] == [s["id"] for s in chinese["sources"]]
        assert [b["payload"] for b in english["buttons"]] == [
            b["payload"] for b in chinese["buttons"]
        ]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", NEEDED)
def test_what_is_needed_exists(words, template, language):
    values = {
        "topic": TOPIC,
        "country": "TR",
        "tongue": "fr",
        "limit": 2000,
        "hotlines": [],
        "region": None,
    }
    message = words.render(template, values | {"own": {"person": "Kim"}}, language)
    assert message["text"]
    assert "{" not in message["text"]
    assert words.is_vetted(message, {"Kim"}.__contains__)
    assert not words.is_vetted(message)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("region", ["CN", "US", "GB", "HK", "TW", "SG", None])
def test_crisis_words_hold_the_lines_of_the_region(words, language, region):
    values = words.safety_values(region, language, NOON)
    message = words.render("utter_crisis_lines", values, language)
    assert words.is_vetted(message)
    if region == "CN":
        assert "12356" in message["text"]
        assert "120" in message["text"]
    if region == "US":
        assert "988" in message["text"]
        assert "911" in message["text"]
    if region is None:
        assert ("local emergency number" in message["text"]) or (
            "当地的急救电话" in message["text"]
        )


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_words_promise_a_line_that_is_not_named(words, language):
    """Every region at night and by day, every response that names lines."""
    named = [name for name, both in words.responses.items() if "{lines}" in both["en"]["text"]]
    assert len(named) > 20
    for region in [*words.knowledge.countries, "ZZ", None]:
        for hour in (2, 12, 19):
            values = words.safety_values(region, language, NOON.replace(hour=hour))
            values |= {"own": {}, "minutes": 1}
            for name in named:
                message = words.render(name, values, language)
                assert words.is_vetted(message)
                text = words.response(name, values)[language]["text"]
                assert ("{lines}" in text) == ("•" in message["text"]), message["text"]


@pytest.mark.parametrize("region, hour", [("TR", 12), ("TH", 12), ("IT", 12), ("MY", 19)])
def test_without_a_line_the_words_name_other_people(words, region, hour):
    for language, help_words in (("en", ("emergency department", "doctor")), ("zh", ("急诊",))):
        values = words.safety_values(region, language, NOON.replace(hour=hour))
        assert values["hotlines"] == []
        for name in ("utter_crisis_lines", "utter_crisis_other_lines", "utter_crisis_lines_also"):
            text = words.render(name, values, language)["text"]
            assert all(one in text for one in help_words)
            assert "•" not in text
        plan = words.render("utter_safety_plan", values | {"own": {}}, language)["text"]
        assert help_words[0] in plan
        number = words.emergency_line(values).contact[language]
        assert number in words.render("utter_crisis_lines", values, language)["text"]
        spoken = words.render("utter_crisis_spoken_ru", values, language)["text"]
        assert spoken.count("•") == 1


def test_words_with_and_without_lines_have_the_same_buttons(words):
    for name in words.responses:
        base = name.removesuffix("_none")
        if base == name or base not in words.responses:
            continue
        for language in LANGUAGES:
            buttons = [words.responses[one][language]["buttons"] for one in (base, name)]
            assert buttons[0] == buttons[1], name
            assert "{lines}" not in words.responses[name][language]["text"]


def test_nothing_says_that_lines_are_always_open(words):
    promise = re.compile("一直(都)?能打|stay open|always open|stay yours|天黑前|before the evening")
    for name, both in words.responses.items():
        for language in LANGUAGES:
            assert not promise.search(both[language]["text"]), name


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_switched_off_has_no_buttons(words, language, monkeypatch):
    monkeypatch.setattr("bot.words.SWITCHES.off", lambda: {"safety_plan": "why"})
    values = words.safety_values("GB", language, NOON)
    message = words.render("utter_crisis_listen_1", values, language)
    payloads = [button["payload"] for button in message["buttons"]]
    assert payloads == ["/ask_wellbeing_grounding", "/decline_help"]
    assert words.is_vetted(message)


def test_changed_words_are_refused(words):
    message = words.render("utter_greet", {}, "en")
    assert words.is_vetted(message)
    assert not words.is_vetted({**message, "text": message["text"] + " Try clinic X."})
    assert not words.is_vetted({**message, "buttons": []})
    assert not words.is_vetted({**message, "sources": [{"id": "X", "citation": "Clinic X"}]})
    assert not words.is_vetted({**message, "template": "utter_thanks"})
    assert not words.is_vetted({**message, "language": "zh"})
    assert not words.is_vetted({**message, "language": None})
    assert not words.is_vetted({"text": "hello"})


@given(st.text(), st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=3))
def test_nothing_unknown_is_vetted(text, values):
    message = {"text": text, "template": text, "values": values, "language": "en"}
    assert not load_words().is_vetted(message)


@pytest.mark.parametrize(
    "template, values",
    [
        ("utter_none", {}),
        ("kb_claims", {"topic": "no.topic", "facet": "answer", "index": 0}),
        ("kb_claims", {"topic": TOPIC, "facet": "answer", "index": 9}),
        ("kb_claims", {"topic": TOPIC, "facet": "nothing", "index": 0}),
        ("kb_claims", {}),
        ("kb_sources", {"topic": TOPIC, "places": ["answer/99"]}),
        ("kb_sources", {"topic": TOPIC, "places": ["answer"]}),
        ("utter_too_long", {"limit": "many"}),
        ("utter_crisis_lines", {"hotlines": ["no-line"]}),
    ],
)
def test_unknown_values_are_an_error(words, template, values):
    with pytest.raises(WordsError):
        words.render(template, values, "en")


@pytest.mark.parametrize(
    "payload, issued",
    [
        ("/ask_complication_infection", True),
        ("/more", True),
        ("/ask_sources", True),
        ('/follow_up_frequency{"topic": "complication.nerve_injury"}', True),
        ("/restart", False),
        ("/session_start", False),
        ("/report_crisis", False),
        ("more", False),
        ("/ask_no_such", False),
        ('/more{"topic": "x.y"}', False),
        ('/more{"topic": ["x"]}', False),
        ('/more{"risk_level": "none"}', False),
        ("/more{}{}", False),
        ('/more{"topic"', False),
        ("", False),
    ],
)
def test_only_our_payloads(words, payload, issued):
    assert words.is_issued(payload) is issued


@given(st.text())
def test_payloads_of_anything(payload):
    assert load_words().is_issued(payload) in (True, False)


RESPONSE = """
responses:
  utter_one:
  - condition: [{type: slot, name: language, value: en}]
    text: "Hello {title}"
    buttons: [{title: A, payload: /more}]
  - condition: [{type: slot, name: language, value: zh}]
    text: "你好{title}"
    buttons: [{title: 甲, payload: /more}]
"""


@pytest.mark.parametrize(
    "old, new, reason",
    [
        ("value: zh", "value: en", "one language only"),
        ("你好{title}", "你好", "differ by language"),
        ("甲, payload: /more", "甲, payload: /other", "differ by language"),
        ('    text: "你好{title}"\n', "", "needs a language and a text"),
        ("value: zh", "value: fr", "needs a language and a text"),
    ],
)
def test_responses_must_be_equal_in_both_languages(tmp_path, old, new, reason):
    file = tmp_path / "domain.yml"
    file.write_text(RESPONSE, encoding="utf-8")
    assert set(read_responses(file)["utter_one"]) == {"en", "zh"}
    assert old in RESPONSE
    file.write_text(RESPONSE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ContentError, match=reason) as caught:
        read_responses(file)
    assert caught.value.line == 3


def test_button_labels_are_short(words):
    for variants in words.responses.values():
        for language, variant in variants.items():
            for button in variant["buttons"]:
                assert len(button["title"]) <= (24 if language == "en" else 10)


def test_the_registry_holds_every_text_in_both_languages(words):
    from bot.registry import entries

    found = list(entries(words))
    names = {
        language: {name for lang, _, name in found if lang == language} for language in LANGUAGES
    }
    assert names["en"] == names["zh"]
    assert set(NEEDED) <= names["en"]
    assert len(found) > 1500
