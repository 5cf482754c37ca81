"""The public pages: both languages, nothing inline, nobody else's address, no dead link."""

import html
import re
from html.parser import HTMLParser

import pytest

from actions.knowledge.schema import LANGUAGES
from bot.channels.pages import PAGES, load_page_words

ORIGIN = "https://chat.example"
ALL = [(page, language) for page in PAGES for language in LANGUAGES]
IDS = [f"{page.name}-{language}" for page, language in ALL]


class Reader(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.texts = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)


@pytest.fixture(params=ALL, ids=IDS)
def page(request):
    page, language = request.param
    return page, language, page.render(language, ORIGIN)


def test_nothing_is_inline(page):
    for tag, attributes in Reader(page[2]).tags:
        assert tag != "style"
        assert not any(name == "style" or name.startswith("on") for name in attributes), attributes
        if tag == "script":
            assert attributes["src"].startswith("/")


def test_every_word_is_a_word(page):
    assert "built-in" not in page[2]
    assert "{{" not in page[2]


def test_links_lead_to_pages_that_exist(page):
    known = {one.address(language) for one, language in ALL} | {"/chat/", "#main"}
    links = [a["href"] for tag, a in Reader(page[2]).tags if tag == "a"]
    assert links
    assert set(links) <= known
    files = [a.get("src") or a.get("href") for tag, a in Reader(page[2]).tags if tag == "script"]
    files += [a["href"] for tag, a in Reader(page[2]).tags if tag == "link"]
    served = {f"/{one.name}/{file}" for one in PAGES for file in one.files}
    assert set(files) <= served | known | {"/chat/upright.js"}


def test_each_page_names_its_language_and_the_other(page):
    one, language, text = page
    tags = dict((tag, a) for tag, a in Reader(text).tags if tag == "html")
    assert tags["html"]["lang"] == ("zh-Hans" if language == "zh" else "en")
    other = "en" if language == "zh" else "zh"
    assert f'href="{one.address(other)}"' in text


def test_the_languages_do_not_mix():
    for one in PAGES:
        # Citations stay in the language of their source.
        body = re.sub(r'<p class="sources">.*?</p>', "", one.render("en", ORIGIN), flags=re.S)
        text = " ".join(Reader(body).texts)
        # Names of countries' lines, the project's own name and the language switch are Chinese.
        chinese = re.findall(r"[\u4e00-\u9fff]+", text.replace("挺好", "").replace("中文", ""))
        assert len("".join(chinese)) < 40, (one.name, chinese)


def test_the_snippet_is_shown_and_not_run():
    embed = next(one for one in PAGES if one.name == "embed")
    text = embed.render("en", 'https://x.example"><script>alert(1)</script>')
    assert "<script>alert(1)" not in text
    assert "alert(1)" in html.unescape(text)
    assert [a for tag, a in Reader(text).tags if tag == "script" and "alert" in str(a)] == []


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear))


@pytest.mark.parametrize("colour", load_page_words("embed")["colours"])
def test_white_is_readable_on_every_colour_offered(colour):
    assert re.fullmatch(r"#[0-9a-f]{6}", colour)
    assert 1.05 / (luminance(colour) + 0.05) >= 4.5
