from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.spelling import Speller

speller = Speller.of(
    ["nerve damage and more nerve damage", "the infection, an infection", "walking and walking"]
)


def test_misspelt_words_become_words_of_the_subject():
    assert speller("nerv damge?") == "nerve damage?"
    assert speller("infektion wen walkng") == "infection wen walking"


def test_words_of_the_dictionary_are_left_alone():
    assert speller("serve manage waking") == "serve manage waking"


def test_words_that_resemble_nothing_are_left_alone():
    assert speller("ashwagandha 神经 xqzkj") == "ashwagandha 神经 xqzkj"


@given(st.text())
def test_any_text(text):
    assert isinstance(speller(text), str)


def test_short_words_and_ways_of_writing():
    counted = Speller.from_counts({"kill": 9, "myself": 9, "want": 9, "zzyzx": 2}, shortest=3)
    assert counted("kil mysekf tonite") == "kill myself tonight"
    assert counted("zzyzy") == "zzyzy"  # a rare word that no dictionary has is not one to mend to
    assert Speller({"kill": 9})("kil") == "kil"
