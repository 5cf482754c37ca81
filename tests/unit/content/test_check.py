"""`make check-content` runs every check and says what each found."""

from bot import check
from bot.content import ContentError
from bot.duplicates import Example
from bot.paths import ROOT


def test_every_check_is_run(monkeypatch, capsys):
    file = ROOT / "data" / "nlu" / "seeded.en.yml"
    twice = [Example(file, line, "ask_one", "how long does it take") for line in (3, 4)]
    monkeypatch.setattr(check, "read_all", lambda: twice)
    monkeypatch.setattr(check, "read_development", lambda: ["How long does it take?"])
    for name in ("check_evidence", "check_facets", "check_readability"):
        found = ContentError(file, 9, f"found by {name}")
        monkeypatch.setattr(check, name, lambda _, found=found: [found])
    assert check.main([]) == 1
    printed = capsys.readouterr().err
    assert "data/nlu/seeded.en.yml:4: 'how long does it take' is the same as" in printed
    assert "seeded.en.yml:3: 'how long does it take' is also a message" in printed
    for name in ("check_evidence", "check_facets", "check_readability"):
        assert f"data/nlu/seeded.en.yml:9: found by {name}" in printed
