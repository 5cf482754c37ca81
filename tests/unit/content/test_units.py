"""A number without a unit is found; years, ratios, ranges, lists and telephone numbers are left."""

import re

import pytest

from actions.knowledge import load_knowledge
from bot.content import load_yaml
from bot.safety.runtime import load_hotlines
from bot.units import UNITS, Units, check_units

PHONES = ("120", "999", "12356")


def _missing(text, language):
    return [number for number, _ in Units(language, PHONES).missing(text)]


@pytest.mark.parametrize(
    "text",
    [
        "People gain 7 cm (2.8 in), or 5 to 8 cm.",
        "7 people, 3 legs and 4 lasting problems; 12 studies; 88.8%.",
        "18 in 100 needed one; half (41 of 82) did; 74 of the 76 recovered; 74/76.",
        "Withdrawn in 2021. The 1950s. A 38-year-old. The 3rd percentile.",
        "The list: 16,000 US dollars for a frame, 21,000 for LON, 45,000 for a nail.",
        "£50,000 in one report (2020), up to £120,000 in another.",
        "One says 50,000 pounds (2020), another of 2025 says 80,000.",
        "0.9 months with a frame, 1.5 with a nail. It took 9 and a half months.",
        "Months of healing per cm: 0.9 with a frame, 1.9 without.",
        "Clinic pages give ages from 18 to 50. At age 2 to 4 it is under 5 cm a year.",
        "The correlation was .18, where 0 is none and 1 is perfect.",
        "Call 12356 (China 120, UK 999).",
        "Article 12 of the law, version 2 and PRECICE2.",
        "It gives 5, 6 or 7 days. 3-5 cm. 3 – 5 weeks. 5 million yen.",
        "In 94 shins there were 90 complications; 37 of those 57 people were short.",
    ],
)
def test_english_numbers_with_a_unit(text):
    assert _missing(text, "en") == []


@pytest.mark.parametrize(
    "text",
    [
        "平均长6.7厘米，从1.5到13厘米都有。",
        "7人、3条腿、28例、12次；88.8%；3天，18个月，2021年，16岁。",
        "100例里2例；82例里41例；约千分之3到4；第3百分位。",
        "外架1.6万美元，LON 2.1万，内置钉4.5万。",
        "罚613,500元，花了30多万元，500万日元。",
        "两人身高的相关系数是0.18；0是没关系，1是完全对应。",
        "打急救（中国120、英国999）或12356。",
        "女性超过6到7、男性超过7到8厘米；15%到20%。",
        "5厘米以内算低风险，5到8中等，超过8高。",
        "第2代、3—5周、3至5天。",
    ],
)
def test_chinese_numbers_with_a_unit(text):
    assert _missing(text, "zh") == []


@pytest.mark.parametrize(
    "text, language, wanted",
    [
        ("People gain about 7 on average.", "en", ["7"]),
        ("It was 6.7. That is 2 in all.", "en", ["6.7", "2"]),
        ("From 5 to 8 is usual.", "en", ["5", "8"]),
        ("One patient paid 32,000 (2025).", "en", ["32,000"]),
        ("Up to 8 is low risk for people of any height.", "en", ["8"]),
        ("身高：平均6.7厘米，少的1.5，多的13。", "zh", ["1.5", "13"]),
        ("有位病人付了3.2万（2025年报道）。", "zh", ["3.2"]),
        ("131位用外架的人里，37出过并发症。", "zh", ["37"]),
        ("长了6到7的人最多。", "zh", ["6", "7"]),
    ],
)
def test_a_number_without_a_unit(text, language, wanted):
    assert _missing(text, language) == wanted


def test_the_content_has_units_everywhere():
    phones = {number for line in load_hotlines().all for number in line.dial}
    assert [str(mistake) for mistake in check_units(load_knowledge(), phones)] == []


def test_most_units_that_get_lost_are_noticed():
    """Take each measure off its number, one at a time.

    The rest is ellipsis that people write too ("6 to 7 cm in women and 7 to 8 in men").
    """
    measures = {
        "en": r"(?<=\d) (?:cm|mm|days|weeks|months|people|dollars|in 100)\b(?: \([\d. to]+ in\))?",
        "zh": r"(?<=\d)(?:厘米|毫米|天|周|个月|岁|人|位|例|%|次|万元|万美元|段|条)",
    }
    for language, least in (("en", 0.6), ("zh", 0.85)):
        units, lost, noticed = Units(language), 0, 0
        for topic in load_knowledge().topics.values():
            for claim in topic.answer:
                text = claim.text(language)
                before = len(units.missing(text))
                for match in re.finditer(measures[language], text):
                    lost += 1
                    without = text[: match.start()] + text[match.end() :]
                    noticed += len(units.missing(without)) > before
        assert lost > 50
        assert noticed / lost > least, (language, noticed, lost)


def test_both_languages_have_the_same_lists():
    words = load_yaml(UNITS)
    assert set(words["zh"]) - set(words["en"]) == {"counted"}
    assert set(words["en"]) - set(words["zh"]) == {"small"}
