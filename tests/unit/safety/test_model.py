"""Patterns and classifier joined; the classifier may be missing or broken."""

import pytest

from bot.content import ContentError
from bot.safety.assessor import Assessment, RiskLevel
from bot.safety.classifier import LABELS, RiskClassifier, read_examples
from bot.safety.model import RiskModel, join, relieve
from bot.safety.runtime import load_assessor


def quiet(denied=False, level=RiskLevel.NONE, marks=()):
    return Assessment(level, (), "self", denied, frozenset(marks))


@pytest.mark.parametrize(
    "found, scores, level",
    [
        (quiet(), {}, "none"),
        (quiet(), {"crisis": 0.9}, "crisis"),
        (quiet(), {"crisis": 0.2, "imminent": 0.2, "crisis_other": 0.1}, "crisis"),
        (quiet(), {"crisis": 0.1}, "none"),
        (quiet(denied=True), {"crisis": 0.9}, "none"),
        (quiet(), {"emergency_now": 0.3, "emergency_today": 0.3}, "medical_emergency"),
        (quiet(level=RiskLevel.CRISIS), {"none": 0.7, "crisis": 0.3}, "crisis"),
        (quiet(level=RiskLevel.CRISIS), {"none": 1.0}, "none"),  # overruled
        (quiet(level=RiskLevel.MEDICAL_EMERGENCY), {"none": 1.0}, "none"),
        (quiet(level=RiskLevel.CRISIS), {}, "crisis"),  # no classifier
        (quiet(level=RiskLevel.DISTRESS), {"crisis": 0.9}, "crisis"),
    ],
)
def test_the_higher_layer_wins(found, scores, level):
    assert join(found, scores).level.value == level


@pytest.mark.parametrize(
    "marks, scores, level",
    [
        ({"past", "well"}, {"crisis": 0.55}, "none"),
        ({"past", "well"}, {"crisis": 0.7}, "crisis"),
        ({"past", "well", "present"}, {"crisis": 0.55}, "crisis"),
        ({"past", "well", "hopeless"}, {"crisis": 0.55}, "crisis"),
        ({"past"}, {"crisis": 0.55}, "crisis"),
        ({"past", "well"}, {}, "crisis"),  # patterns alone do not judge that
        ({"past", "well"}, {"crisis": 0.5, "emergency_now": 0.5}, "medical_emergency"),
    ],
)
def test_what_the_words_put_into_the_past_is_over(marks, scores, level):
    assert join(quiet(level=RiskLevel.CRISIS, marks=marks), scores).level.value == level


@pytest.mark.parametrize(
    "text, marks",
    [
        ("I tried at 17. I'm 40 now and I've been well for years.", {"past", "well"}),
        ("I tried in 2012, was fine for years, and the thoughts are back", {"past", "present"}),
        ("高中时想过死，早就没事了，现在孩子都上学了", {"past", "well"}),
        ("以前好了，最近又开始想", {"past", "present"}),
        ("what does the operation cost", set()),
    ],
)
def test_past_and_present_are_told_apart(text, marks):
    found = load_assessor().assess(text).marks & {"past", "well", "present"}
    assert marks <= found
    assert ("present" in found) == ("present" in marks)


def test_doubt_is_gentle_and_a_pattern_is_no_doubt():
    assert join(quiet(), {"crisis": 0.3}).gentle
    assert not join(quiet(), {"crisis": 0.9}).gentle
    assert not join(quiet(level=RiskLevel.CRISIS), {}).gentle


@pytest.mark.parametrize(
    "found, scores, intent, confidence, level",
    [
        (quiet(), {"crisis": 0.4}, "ask_cost_overview", 0.9, "none"),
        (quiet(), {"crisis": 0.4}, "ask_cost_overview", 0.5, "crisis"),
        (quiet(), {"crisis": 0.4}, "ask_complication_death", 0.9, "crisis"),
        (quiet(), {"crisis": 0.4}, "nlu_fallback", 0.9, "crisis"),
        (quiet(), {"crisis": 0.4}, "ask_cost_insurance_and_financing", 0.9, "crisis"),
        (quiet(), {"crisis": 0.6}, "ask_about_human", 0.95, "none"),
        (quiet(), {"crisis": 0.6}, "ask_cost_overview", 0.95, "crisis"),
        (quiet(), {"crisis": 0.9}, "ask_cost_overview", 0.9, "crisis"),
        (quiet(), {"crisis": 0.3}, "report_distress", 0.95, "distress"),
        (quiet(), {"crisis": 0.3}, "report_distress", 0.7, "crisis"),
        (quiet(), {"crisis": 0.5}, "report_distress", 0.95, "crisis"),
        (quiet(level=RiskLevel.CRISIS), {"crisis": 0.4}, "ask_cost_overview", 0.9, "crisis"),
    ],
)
def test_a_clear_question_lifts_a_mere_doubt(found, scores, intent, confidence, level):
    assert relieve(join(found, scores), intent, confidence).level.value == level


@pytest.mark.parametrize(
    "marks, scores, urgency",
    [
        ({"chest"}, {"emergency_today": 0.9}, "now"),
        ({"motor"}, {"emergency_today": 0.9}, "now"),
        ({"clot"}, {"emergency_today": 0.9}, "today"),
        ({"clot"}, {"emergency_now": 0.9}, "now"),
        ({"today", "clot"}, {}, "today"),
        (set(), {}, "now"),
    ],
)
def test_today_only_where_nothing_points_to_now(marks, scores, urgency):
    found = quiet(level=RiskLevel.MEDICAL_EMERGENCY, marks=marks)
    assert join(found, scores).urgency == urgency


def test_in_a_crisis_signs_keep_their_urgency():
    scores = {"crisis": 0.6, "emergency_today": 0.3}
    assert join(quiet(level=RiskLevel.CRISIS, marks={"infection"}), scores).urgency == "today"
    assert join(quiet(level=RiskLevel.CRISIS, marks={"chest"}), scores).urgency == "now"
    assert join(quiet(level=RiskLevel.CRISIS), scores).urgency is None


def test_a_long_message_is_not_overruled():
    found = quiet(level=RiskLevel.CRISIS)
    assert join(found, {"none": 1.0}, overrule=False).level is RiskLevel.CRISIS


class Broken:
    def probabilities(self, text):
        raise RuntimeError("invented")


@pytest.mark.parametrize("classifier", [None, Broken()])
def test_patterns_stand_alone_when_the_classifier_fails(classifier):
    model = RiskModel(load_assessor(), classifier)
    assert model.assess("i want to kill myself").level is RiskLevel.CRISIS
    assert model.assess("我不想活了").level is RiskLevel.CRISIS
    assert model.assess("what does it cost").level is RiskLevel.NONE


def test_a_missing_or_broken_classifier_is_an_error_that_can_be_caught(tmp_path):
    with pytest.raises(OSError, match=r"model\.json"):
        RiskClassifier.load(load_assessor(), tmp_path)
    (tmp_path / "model.json").write_text("{")
    with pytest.raises(ValueError, match="Expecting"):
        RiskClassifier.load(load_assessor(), tmp_path)


def test_the_examples_are_whole():
    examples = read_examples()
    counts = {label: sum(found == label for found, _, _ in examples) for label in LABELS}
    assert min(counts.values()) >= 60, counts


@pytest.mark.parametrize(
    "content, reason",
    [
        ("panic:\n  a:\n  - x\n", "unknown section"),
        ("crisis:\n- x\n", "named kinds"),
        ('crisis:\n  a:\n  - ""\n', "put it in quotes"),
        ('crisis:\n  a:\n  - "x"\nnone:\n  b:\n  - "X"\n', "stands under crisis and under none"),
    ],
)
def test_mistakes_in_examples_name_file_and_line(tmp_path, content, reason):
    (tmp_path / "examples.en.yml").write_text(content)
    with pytest.raises(ContentError, match=reason) as error:
        read_examples(tmp_path)
    assert error.value.line >= 1


class Spells:
    """Knows nothing but how a word is spelt; every message is harmless to it."""

    def mended(self, text):
        mended = text.replace("kil mysekf", "kill myself").replace("sory", "sorry")
        return mended if mended != text else None

    def rows(self, texts):
        return [{"crisis": 0.5 if "kill myself" in text else 0.0} for text in texts]

    def probabilities(self, text):
        return self.rows([text])[0]

    def familiarity(self, text):
        return 1.0


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("im gona kil mysekf", RiskLevel.CRISIS),
        ("sory I was late", RiskLevel.NONE),
        # The text as written counts as well: mending never lowers a level.
        ("sory, I want to kill myself", RiskLevel.CRISIS),
    ],
)
def test_misspelt_danger_is_seen(text, level):
    assert RiskModel(load_assessor(), Spells()).assess(text).level is level


@pytest.mark.parametrize(
    "level, crisis, imminent",
    [(RiskLevel.CRISIS, 0.3, True), (RiskLevel.NONE, 0.3, False), (RiskLevel.NONE, 0.6, True)],
)
def test_words_of_acting_now_in_a_mere_doubt_are_asked_about_first(level, crisis, imminent):
    found = quiet(level=level, marks=frozenset({"imminent"}))
    assert join(found, {"crisis": crisis, "none": 1 - crisis}).imminent is imminent
