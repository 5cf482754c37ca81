"""`make eval-intents` on a small data set made here: real training, real model, real figures."""

import contextlib
import io
import json
import subprocess
import sys

import pytest
import yaml

from tests.evaluation import intents, systems

TRAIN = {
    # Named like two of ours that get a treatment of their own.
    "stop": ["halt the machine", "switch the machine off", "turn the machine off", "关掉机器"],
    "ask_cost_overview": ["weather in rome", "will it rain in paris", "is it sunny", "明天下雨吗"],
    "music": ["play some jazz", "put on a song", "i want to hear music", "放一首歌"],
}
TEST = {
    "stop": ["please halt the machine now", "把机器关掉"],
    "ask_cost_overview": ["will it rain in rome, and is it sunny in paris", "明天会下雨吗"],
    "music": ["play a jazz song", "放首歌吧"],
    "oos": ["xqzt vvbn", "how many legs has a spider under the emperor's third treaty"],
}


def write(file, entries):
    nlu = [
        {"intent": intent, "examples": "".join(f"- {text}\n" for text in texts)}
        for intent, texts in entries.items()
    ]
    file.write_text(yaml.safe_dump({"version": "3.1", "nlu": nlu}, allow_unicode=True), "utf-8")
    return str(file)


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    """Run the programs of `systems` here, where Rasa is loaded already: ten seconds less."""

    def run(code, arguments):
        output = io.StringIO()
        with monkeypatch.context() as patch, contextlib.redirect_stdout(output):
            patch.setattr(sys, "argv", ["-c", *arguments])
            exec(code, {"__name__": "__main__"})
        return subprocess.CompletedProcess([], 0, output.getvalue(), "")

    monkeypatch.setattr(systems, "_python", run)


def test_an_outsiders_data(tmp_path, monkeypatch, capsys):
    train, test = write(tmp_path / "train.yml", TRAIN), write(tmp_path / "test.yml", TEST)
    figures = tmp_path / "out" / "intents.json"
    command = ["eval-intents", "--data", train, "--test", test, "--json", str(figures)]
    monkeypatch.setattr(sys, "argv", command)
    assert intents.main() == 0
    found = json.loads(figures.read_text())
    assert found["top"] == [6, 6]
    assert found["accuracy"][1] == 6
    assert found["out_of_scope_recall"][1] == 2
    assert set(found["by_language"]) >= {"en", "zh"}
    assert "in scope, right" in capsys.readouterr().out
