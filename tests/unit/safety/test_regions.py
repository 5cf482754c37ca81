"""Where the person is: only what they say of themselves counts."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.content import ContentError, load_yaml
from bot.safety.regions import Regions
from bot.safety.runtime import load_regions

COUNTRIES = Path(__file__).parents[3] / "data" / "knowledge" / "countries.yml"
REGIONS = Regions.load(COUNTRIES)
NAMES = load_yaml(COUNTRIES)


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("I'm in Canada", "CA"),
        ("I’m in the US and I want to die", "US"),
        ("i live in the U.S.", "US"),
        ("I'm from India", "IN"),
        ("i am a 19 year old guy in London", "GB"),
        ("im 22M from Pakistan", "PK"),
        ("we live near Toronto", "CA"),
        ("I currently live alone in a small town in Texas", "US"),
        ("I moved to Australia last year", "AU"),
        ("im currently living in south korea", "KR"),
        ("I am in Istanbul for the surgery", "TR"),
        ("UK here, same problem", "GB"),
        ("hello from Vietnam", "VN"),
        ("My country is Egypt", "EG"),
        ("Location: Singapore", "SG"),
        ("I'm in Northern Ireland", "GB"),
        ("i live in xi'an", "CN"),
        ("living in Berlin, can I call someone?", "DE"),
        ("我在上海", "CN"),
        ("我现在在北京读大学", "CN"),
        ("我人在多伦多", "CA"),
        ("坐标：广州", "CN"),
        ("坐标深圳，1米65", "CN"),
        ("我是马来西亚人", "MY"),
        ("我来自新加坡", "SG"),
        ("家在成都", "CN"),
        ("现居墨尔本", "AU"),
        ("我在臺北", "TW"),
        ("我在中国香港", "HK"),
        ("我在国内", "CN"),
        ("我在美国留学，不想活了", "US"),
        ("base上海", "CN"),
        ("我在上海做程序员", "CN"),
    ],
)
def test_a_clear_statement(text: str, region: str) -> None:
    assert REGIONS.find(text) == region


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "surgery in Turkey",
        "I want to have surgery in Turkey",
        "I had it done in India",
        "how much is it in Germany",
        "is Korea better than Turkey?",
        "going to Korea next month",
        "my doctor is from India",
        "a surgeon based in Munich",
        "the clinic is located in Istanbul",
        "my brother lives in Canada",
        "I'm interested in Turkey",
        "I'm not in China",
        "I don't live in China",
        "I used to live in Japan",
        "if I live in Turkey for three months",
        "when I'm in Turkey, who changes the dressing",
        "Turkey?",
        "Turkey or Korea",
        "去土耳其做",
        "想去韩国做手术",
        "我想在上海做",
        "我在土耳其做的手术",
        "我在泰国做手术会不会更便宜",
        "如果我在泰国",
        "我不在国内",
        "我男朋友在上海",
        "我朋友住在上海",
        "有人在美国做过吗",
        "大家在中国怎么做",
        "北京的医院",
        "国内能做吗",
        "人在国外",
        "不想说",
    ],
)
def test_no_statement_about_the_writer(text: str) -> None:
    assert REGIONS.find(text) is None


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("Canada", "CA"),
        ("in Canada.", "CA"),
        ("I think it's the UK", "GB"),
        ("London, UK", "GB"),
        ("加拿大", "CA"),
        ("中国上海", "CN"),
        ("在台湾啊", "TW"),
    ],
)
def test_nothing_but_a_place_is_an_answer(text: str, region: str) -> None:
    assert REGIONS.find(text) == region


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("我是中国人，在日本留学", "JP"),
        ("我是中国人，现在在日本", "JP"),
        ("我是中国人，人在日本", "JP"),
        ("我来自四川，在新加坡工作", "SG"),
        ("老家在四川，在日本读书", "JP"),
        ("我是上海人，在北京上班", "CN"),
        ("在日本留学，不想活了", "JP"),
        ("I'm from China, studying in Toronto", "CA"),
        ("I am from China but currently in Canada", "CA"),
        ("I come from China and I'm working in Dubai", "AE"),
        ("i study in Toronto", "CA"),
        # origin where nothing else is said, and nothing of others
        ("我是中国人，想在日本做手术", "CN"),
        ("im from the uk and had it done in turkey", "GB"),
        ("I'm from Germany, studying medicine", "DE"),
        ("我男朋友是中国人，在日本留学", None),
        ("他在日本工作", None),
        ("can i work in Turkey", None),
        ("I was studying in Canada", None),
    ],
)
def test_where_they_are_counts_more_than_where_they_are_from(text: str, region: str | None) -> None:
    assert REGIONS.find(text) == region


@pytest.mark.parametrize("code", list(NAMES))
def test_every_name_of_every_country(code: str) -> None:
    for part in NAMES[code].values():
        for name in part["en"]:
            assert REGIONS.find(f"I live in {name}") == code, name
        for name in part["zh"]:
            assert REGIONS.find(f"我住在{name}") == code, name


@given(st.text())
def test_never_raises(text: str) -> None:
    assert REGIONS.find(text) in {None, *NAMES}


@pytest.mark.parametrize(
    "text", ["i am " * 2_000, "我在" * 5_000, "im in the " * 1_000, "a" * 10_000]
)
def test_time_for_ten_thousand_characters(text: str) -> None:
    start = time.perf_counter()
    REGIONS.find(text)
    assert time.perf_counter() - start < 2.0


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("[]\n", 1, "needs country codes"),
        ('"CAN":\n  names: {en: [Canada], zh: [加拿大]}\n', 1, "two capital letters"),
        ('"CA":\n  names: {en: [Canada]}\n', 2, "needs a list of names in zh"),
        ('"CA":\n  names: {en: [Canada], zh: []}\n', 2, "needs a list of names in zh"),
        ('"CA":\n  names: {en: [Canada, CA], zh: [加拿大]}\n', 2, "too short"),
        ('"CA":\n  towns: {en: [London], zh: [伦敦]}\n', 1, "needs 'names'"),
        (
            '"CA":\n  names: {en: [London], zh: [加拿大]}\n'
            '"GB":\n  names:\n    en: [Britain, London]\n    zh: [英国]\n',
            5,
            "belongs to CA too",
        ),
    ],
)
def test_mistakes_name_their_line(tmp_path: Path, text: str, line: int, reason: str) -> None:
    file = tmp_path / "countries.yml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ContentError) as caught:
        Regions.load(file)
    assert reason in caught.value.reason
    assert caught.value.line == line


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("在临沂", "CN"),
        ("临沂市", "CN"),
        ("我人在昆山", "CN"),
        ("坐标鄂尔多斯", "CN"),
        ("我是河南人", "CN"),
        ("在台中", "TW"),
        ("我在尖沙咀", "HK"),
        ("我在得州", "US"),
        ("i'm in texas", "US"),
        ("I'm 17 from Essex", "GB"),
        ("from kerala", "IN"),
        ("I live in Novosibirsk", "RU"),
        ("I'm in Daejeon", "KR"),
        # names that are words too: in a statement only
        ("I'm in Reading", "GB"),
        ("reading", None),
        ("我在中山", "CN"),
        ("大同", None),
        # both a Chinese city and Texas
        ("我在德州", None),
        # merely spoken of
        ("a friend in Ohio had it done", None),
        ("我想去大理旅游", None),
        ("我在吉林做的手术", None),
        ("soy de peruana familia", None),
    ],
)
def test_cities_provinces_and_states(text, region):
    assert load_regions().find(text) == region


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("we're both in Dublin", "IE"),
        ("just landed in Singapore, at my cousin's", "SG"),
        ("今早飞到新加坡，在表姐家", "SG"),
        ("昨天到了土耳其做手术", None),
        ("my son and I are in Toronto", "CA"),
        ("I'm at uni in Sheffield", "GB"),
        ("which number do I ring in India?", "IN"),
        ("马来西亚打什么电话", "MY"),
        ("the complication numbers for Turkey?", None),
        ("what do they call it in Turkey", None),
        ("I'm in pain, Turkey was a mistake", None),
    ],
)
def test_where_they_have_just_come_to(text, region):
    assert load_regions().stated(text) == region


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("Bangkok, alone in a flat", "TH"),
        ("首尔 民宿 我俩都不会韩语", "KR"),
        ("曼谷", "TH"),
        ("my surgeon is in Turkey, I hate him", None),
        ("土耳其的医生毁了我", None),
        ("?", None),
        ("", None),
    ],
)
def test_a_place_that_a_message_begins_with(text, region):
    assert load_regions().begins(text) == region


@given(st.text())
def test_any_beginning(text):
    assert load_regions().begins(text) is None or len(load_regions().begins(text)) == 2


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("my flat is in Glasgow and I can't stop shaking", "GB"),
        ("I'm sitting in my car in Phoenix", "US"),
        ("we flew back to Auckland last week and now his calf is swollen", "NZ"),
        ("me and my mum live in Johannesburg", "ZA"),
        ("in a hotel room in Antalya, the leg is cold", "TR"),
        ("我家郑州的", "CN"),
        ("纽约这边半夜了", "US"),
        ("出租屋在深圳龙华", "CN"),
        # neither a plan, nor others, nor what is asked about
        ("the hotel in Antalya was awful", None),
        ("my hotel in Istanbul is booked for june", None),
        ("my cousin lives in Spain", None),
        ("I paid the deposit to the place in Bangkok", None),
        ("I want to go to Thailand", None),
        ("I speak to a girl in Manila", None),
        ("我以前在北京上班", None),
        ("土耳其这边的医院怎么样", None),
        ("我男朋友在首尔，他说那边便宜", None),
    ],
)
def test_where_the_writer_is_in_passing(text: str, region: str | None) -> None:
    assert load_regions().find(text) == region
