"""Other languages: told apart on sentences, silent on short text and on English and Chinese."""

import pytest

from bot.content import load_yaml
from bot.nlu.tongues import TONGUES, other_language
from bot.paths import DATA

SENTENCES = {
    "ar": "كم تستغرق فترة الشفاء بعد العملية؟",
    "de": "Wie lange kann ich nach der Operation nicht laufen?",
    "es": "¿Cuánto tiempo se tarda en caminar después de la operación?",
    "fr": "Combien de temps faut-il pour marcher après l'opération, et est-ce que ça fait mal ?",
    "it": "Quanto tempo ci vuole per camminare dopo l'operazione? Fa male?",
    "ja": "手術のあと、どのくらいで歩けるようになりますか",
    "ko": "수술 후에 얼마나 지나야 걸을 수 있나요?",
    "nl": "Hoe lang duurt het voor ik na de operatie weer kan lopen?",
    "pl": "Jak długo po operacji nie można chodzić i czy to boli?",
    "pt": "Quanto tempo demora para andar depois da cirurgia? Isso dói muito?",
    "ru": "Сколько времени нужно, чтобы снова ходить?",
    "th": "หลังผ่าตัดต้องใช้เวลานานแค่ไหนกว่าจะเดินได้",
    "tr": "Ameliyat sonrası ne kadar süre sonra yürüyebilirim?",
}


@pytest.mark.parametrize("language", sorted(TONGUES))
def test_a_sentence_tells_its_language(language):
    assert other_language(SENTENCES[language]) == language


@pytest.mark.parametrize("text", ["", "ok", "la la land", "de facto", "なに", "да", "5 cm", "lol"])
def test_short_text_tells_nothing(text):
    assert other_language(text) is None


def test_no_english_or_chinese_training_example_is_taken_for_another_language():
    wrong = []
    for file in sorted((DATA / "nlu").glob("*.yml")):
        for block in load_yaml(file)["nlu"]:
            lines = str(block["examples"]).splitlines()
            wrong += [line for line in lines if other_language(line.removeprefix("- "))]
    assert not wrong
