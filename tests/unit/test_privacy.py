"""Nothing that people write leaves the machine, whichever door the server was started by."""

import importlib
import os
import subprocess
import sys

import pytest

from bot.paths import ROOT

ENV = {k: v for k, v in os.environ.items() if not k.startswith("RASA_TELEMETRY")}


@pytest.mark.parametrize("package", ["bot", "bot.words", "actions.base"])
def test_telemetry_is_off_on_import(package):
    code = f"import os, {package}; print(os.environ['RASA_TELEMETRY_ENABLED'])"
    result = subprocess.run(
        [sys.executable, "-c", code], env=ENV, cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "false"


def test_telemetry_is_off_even_where_it_was_switched_on():
    code = "import bot, os; print(os.environ['RASA_TELEMETRY_ENABLED'])"
    result = subprocess.run(
        [sys.executable, "-c", code],
        env={**ENV, "RASA_TELEMETRY_ENABLED": "true"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.strip() == "false"


def test_the_supervisor_passes_it_on():
    from bot.serve import environment

    for evaluation in (False, True):
        env = environment(evaluation)
        assert env["RASA_TELEMETRY_ENABLED"] == "false"
        assert env["SANIC_HOST"] == "127.0.0.1"


def test_rasas_debug_log_prints_no_words(capsys):
    import structlog

    importlib.import_module("bot")
    structlog.get_logger().debug("processor.message.parse", text="a secret")
    assert "secret" not in "".join(capsys.readouterr())


@pytest.mark.parametrize("module", ["actions.answer", "actions.knowledge", "bot.safety.assessor"])
def test_actions_and_safety_never_load_rasa(module):
    code = f"import sys, {module}; assert not {{'rasa', 'rasa.core'}} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
