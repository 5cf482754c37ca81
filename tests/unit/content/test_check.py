"""`make check-content` runs every check and says what each found."""

import re
import shutil

import pytest

from actions.knowledge.base import KNOWLEDGE
from bot import check
from bot.content import ContentError
from bot.duplicates import Example
from bot.paths import ROOT


def test_every_check_is_run(monkeypatch, capsys):
    file = ROOT / "data" / "nlu" / "seeded.en.yml"
    twice = [Example(file, line, "ask_one", "how long does it take") for line in (3, 4)]
    monkeypatch.setattr(check, "read_all", lambda: twice)
    monkeypatch.setattr(check, "read_development", lambda: ["How long does it take?"])
    monkeypatch.setattr(check, "read_sealed", lambda: [(file, frozenset())])
    monkeypatch.setattr(check, "check_units", lambda *_: [ContentError(file, 9, "found by units")])
    monkeypatch.setattr(check, "check_sealed", lambda *_: [ContentError(file, 0, "found sealed")])
    for name in ("check_evidence", "check_facets", "check_readability"):
        found = ContentError(file, 9, f"found by {name}")
        monkeypatch.setattr(check, name, lambda _, found=found: [found])
    assert check.main([]) == 1
    printed = capsys.readouterr().err
    assert "data/nlu/seeded.en.yml:4: 'how long does it take' is the same as" in printed
    assert "seeded.en.yml:3: 'how long does it take' is also a message" in printed
    for name in ("check_evidence", "check_facets", "check_readability"):
        assert f"data/nlu/seeded.en.yml:9: found by {name}" in printed
    assert "data/nlu/seeded.en.yml:9: found by units" in printed
    assert "data/nlu/seeded.en.yml: found sealed" in printed


# (file, what is written there, what an editor made of it, the line's words, what is said)
FAULTS = [
    (
        "law/china.yml",
        r'(title: \{en: "[^"]*"), zh: "[^"]*"',
        r"\1",
        "title:",
        "title.zh: field required",
    ),
    (
        "complication/infection.yml",
        r"sources: \[\w+",
        "sources: [NOBODY99",
        "NOBODY99",
        "unknown source 'NOBODY99' (add it to data/knowledge/sources.yml)",
    ),
    (
        "procedure/height_gain.yml",
        r'- en: "',
        '- en: "People gain about 7 with it. ',
        "about 7 with",
        "the number 7 has no unit (say of what: cm, people, in 100, dollars …): "
        "“People gain about 7 with it.”",
    ),
    (
        "recovery/sport.yml",
        r' zh: "(?=[^"]*"\n)',
        ' zh: "平均长了7。',
        "平均长了7",
        "数字7没有单位",
    ),
    (
        "wellbeing/family.yml",
        r'- en: "',
        '- en: "I promise you this. ',
        "I promise you",
        "'promise': no promises",
    ),
    ("wellbeing/values.yml", r'zh: "', 'zh: "我保证', "我保证", "'保证': 不承诺"),
]


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """What `python -m bot check-content` prints on a copy of the content with all `FAULTS`."""
    folder = tmp_path_factory.mktemp("content") / "knowledge"
    shutil.copytree(KNOWLEDGE, folder)
    for name, old, new, *_ in FAULTS:
        file = folder / "topics" / name
        text, times = re.subn(old, new, file.read_text("utf-8"), count=1)
        assert times == 1, name
        file.write_text(text, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UPRIGHT_KNOWLEDGE", str(folder))
        patch.setattr(check, "read_all", list)  # training texts are another matter, and slow
        lines: list[str] = []
        patch.setattr("builtins.print", lambda text, **_: lines.append(str(text)))
        assert check.main([]) == 1
    return folder, lines


@pytest.mark.parametrize("name, old, new, where, reason", FAULTS)
def test_a_seeded_fault_is_told_with_file_line_and_reason(printed, name, old, new, where, reason):
    folder, lines = printed
    file = folder / "topics" / name
    line = next(n for n, t in enumerate(file.read_text("utf-8").splitlines(), 1) if where in t)
    (told,) = [said for said in lines if said.startswith(f"{file}:") and reason in said]
    place, _, rest = told.partition(": ")
    assert place == f"{file}:{line}"
    assert rest.startswith(reason)
