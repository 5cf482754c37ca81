import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.nlu.encoder import DIMENSIONS, encode
from bot.nlu.linear import LinearIntentModel

TEXTS = {
    "infection": [
        "can it get infected",
        "pus at the pins",
        "感染了怎么办",
        "会不会发炎",
        "fever and germs",
    ],
    "cost": ["what is the price", "how much money", "要多少钱", "价格贵不贵", "can i afford it"],
    "walk": ["when can i walk", "walking again", "多久能走路", "什么时候下地", "crutches how long"],
}


@pytest.fixture(scope="module")
def model():
    texts = [text for group in TEXTS.values() for text in group]
    labels = [label for label, group in TEXTS.items() for _ in group]
    return LinearIntentModel().fit(encode(texts), texts, labels)


def test_probabilities_are_a_distribution(model):
    texts = ["price?", "感染", ""]
    probabilities = model.predict(encode(texts), texts)
    assert probabilities.shape == (3, len(TEXTS))
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert (probabilities >= 0).all()


@pytest.mark.parametrize("text, label", [("how expensive", "cost"), ("走路要等多久", "walk")])
def test_understands_new_words_in_both_languages(model, text, label):
    row = model.predict(encode([text]), [text])[0]
    assert model.labels[int(row.argmax())] == label


def test_survives_saving(model, tmp_path):
    model.save(tmp_path)
    again = LinearIntentModel.load(tmp_path)
    texts = ["how much", "会感染吗"]
    assert np.allclose(model.predict(encode(texts), texts), again.predict(encode(texts), texts))
    assert again.labels == model.labels


def test_a_missing_model_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        LinearIntentModel.load(tmp_path)


def test_one_label_is_an_error():
    with pytest.raises(ValueError, match="at least two intents"):
        LinearIntentModel().fit(encode(["a", "b"]), ["a", "b"], ["x", "x"])


def test_two_labels_work():
    texts = ["yes please", "sure thing", "no thanks", "never ever"]
    model = LinearIntentModel().fit(encode(texts), texts, ["yes", "yes", "no", "no"])
    assert model.predict(encode(["no"]), ["no"]).shape == (1, 2)


def test_vectors_have_length_one_and_nothing_gives_zeros():
    vectors = encode(["hello", "  ", "你好"])
    assert vectors.shape == (3, DIMENSIONS)
    assert np.allclose(np.linalg.norm(vectors, axis=1), [1, 0, 1], atol=1e-3)


def test_vectors_of_training_texts_are_kept_between_trainings(tmp_path, monkeypatch):
    from bot.nlu import encoder

    file = tmp_path / "vectors.npz"
    with encoder.remembering(file):
        first = encoder.encode(["leg", "骨头", ""])
    monkeypatch.setattr(encoder, "_model", lambda: None)  # would fail if it were asked
    with encoder.remembering(file):
        assert (encoder.encode(["骨头", "leg"]) == first[[1, 0]]).all()
    file.write_bytes(b"broken")
    with encoder.remembering(file):
        pass
    assert encoder._known is None


def test_two_words_written_as_one_are_cut_not_replaced():
    from bot.nlu.spelling import Speller

    speller = Speller({"clot": 15, "hurt": 20})
    assert speller("does it hurt alot, hrut") == "does it hurt a lot, hurt"


@pytest.mark.parametrize("word_weight", [0.0, 0.7])
def test_one_message_is_scored_as_among_many(word_weight):
    texts = [text for group in TEXTS.values() for text in group]
    labels = [label for label, group in TEXTS.items() for _ in group]
    model = LinearIntentModel(word_weight=word_weight).fit(encode(texts), texts, labels)

    @settings(deadline=None, max_examples=60)
    @given(st.text(max_size=60) | st.sampled_from(texts).map(lambda text: f"{text} {text}?"))
    def check(text):
        vectors = encode([text, "price?"])
        together = model.predict(vectors, [text, "price?"])[0]
        assert np.allclose(model.predict(vectors[:1], [text])[0], together, atol=1e-4)

    check()


def test_many_labels_are_fitted_as_by_a_fit_on_all_examples(monkeypatch):
    from bot.nlu import linear

    words = [f"{a}{b}" for a in ("mel", "tor", "bax", "rin", "dup") for b in ("ane", "ito", "usk")]
    frames = ["what is {}", "tell me of {}", "does {} hurt", "{} again", "is {} common"]
    frames += ["my {} is odd", "why {}", "how long is {}", "a note on {}", "{}"]
    texts = [frame.format(word) for word in words for frame in frames]
    labels = [word for word in words for _ in frames]
    vectors = encode(texts)
    whole = LinearIntentModel(word_weight=0.5).fit(vectors, texts, labels)
    # Small numbers, so that hardly anything is chosen at first.
    for name, value in {"_MANY": 5, "_AT_ONCE": 4, "_NEAREST": 3, "_OTHERS": 2, "_MORE": 5}.items():
        monkeypatch.setattr(linear, name, value)
    monkeypatch.setattr(linear, "_ROUNDS", 50)
    near = LinearIntentModel(word_weight=0.5).fit(vectors, texts, labels)
    assert near.labels == whole.labels
    assert np.abs(near._coefficients - whole._coefficients).max() < 0.05
    assert near.temperature == pytest.approx(whole.temperature, rel=0.2)
    asked = [f"could you explain {word}" for word in words]
    rows = near.predict(encode(asked), asked).argmax(axis=1)
    assert (rows == whole.predict(encode(asked), asked).argmax(axis=1)).all()
