import numpy as np
import pytest

from bot.nlu.network import Network


def clouds(labels):
    """Return (vectors, labels): a cloud of points a label, well apart."""
    noise = np.random.default_rng(7)
    centres = np.eye(len(labels), 8, dtype=np.float32) * 4
    vectors = np.vstack([centre + noise.normal(0, 0.3, (60, 8)) for centre in centres])
    return vectors.astype(np.float32), [label for label in labels for _ in range(60)]


@pytest.mark.parametrize("labels", [["no", "yes"], ["calm", "crisis", "distress"]])
def test_learns_and_survives_saving(labels, tmp_path):
    vectors, truth = clouds(labels)
    network = Network(hidden=32, epochs=120).fit(vectors, truth)
    rows = network.predict(vectors)
    assert rows.shape == (len(truth), len(labels))
    assert np.allclose(rows.sum(axis=1), 1, atol=1e-5)
    assert [network.labels[i] for i in rows.argmax(axis=1)] == truth
    network.save(tmp_path / "network.npz")
    again = Network.load(tmp_path / "network.npz")
    assert again.labels == network.labels
    assert np.allclose(again.predict(vectors), rows)


def test_a_file_of_something_else_is_refused(tmp_path):
    np.savez(tmp_path / "network.npz", other=np.zeros(3))
    with pytest.raises(KeyError):
        Network.load(tmp_path / "network.npz")
