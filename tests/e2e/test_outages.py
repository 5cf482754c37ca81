"""A Redis that keeps the locks and a RabbitMQ that takes the events, killed in the middle."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import time

import pytest
from rasa.core.brokers.pika import PikaEventBroker
from rasa.core.lock_store import LockError

from bot.serve import free_port
from bot.storage.locks import Locks, PromptLockStore, RedisLocks
from bot.train import train
from tests.tester import Bot

CRISIS = {"en": "i want to kill myself", "zh": "我不想活了"}
SOON = 3.0  # seconds within which crisis words come, on a busy machine


def server(name, command, port, environment=None, log=None):
    """Start a server of ours on `port`; skip without its binary, but not in CI."""
    if shutil.which(command[0], path=f"{os.environ['PATH']}:/usr/sbin") is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{name} is not installed; CI must have it")
        pytest.skip(f"{name} is not installed")
    process = subprocess.Popen(
        command,
        env={**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin", **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=log or subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"{name} ended at once with {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process
        time.sleep(0.1)
    kill(process)
    pytest.fail(f"{name} did not start")


def kill(process):
    """Kill a server that we started, with its children."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def redis_on(port, folder):
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    return server("redis-server", [*command, "--dir", str(folder)], port)


@pytest.fixture
def redis(tmp_path):
    port = free_port()
    running = [redis_on(port, tmp_path)]

    def again():
        running.append(redis_on(port, tmp_path))

    yield port, running, again
    for process in running:
        kill(process)


def rabbit_on(port, folder, epmd_port):
    """Start a broker of ours; Debian's wrapper changes the user and drops the environment."""
    environment = {
        "RABBITMQ_NODENAME": f"upright{port}@localhost",
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_CONF_ENV_FILE": os.devnull,
        "RABBITMQ_LOGS": "-",
        "ERL_EPMD_PORT": str(epmd_port),
        "HOME": str(folder),
    }
    (folder / "rabbitmq.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{port}\n")
    plain = "/usr/lib/rabbitmq/bin/rabbitmq-server"
    command = plain if os.path.exists(plain) else "rabbitmq-server"
    with (folder / "output").open("w") as log:
        return server("rabbitmq-server", [command], port, environment, log)


def test_the_store_is_chosen_by_configuration(monkeypatch):
    monkeypatch.delenv("UPRIGHT_REDIS_URL", raising=False)
    assert isinstance(Locks(), PromptLockStore)
    monkeypatch.setenv("UPRIGHT_REDIS_URL", "redis://127.0.0.1:1/0")
    assert isinstance(Locks(), RedisLocks)
    with pytest.raises(LockError):
        Locks().issue_ticket("nobody there")


async def test_two_messages_wait_for_each_other_but_not_for_a_poll(redis):
    port, _, _ = redis
    stores = [RedisLocks(f"redis://127.0.0.1:{port}/0") for _ in range(2)]
    order = []

    async def turn(number):
        async with stores[number % 2].lock("person"):
            order.append(("in", number))
            await asyncio.sleep(0.02)
            order.append(("out", number))

    started = time.monotonic()
    await asyncio.gather(*(turn(number) for number in range(4)))
    assert [step for step, _ in order] == ["in", "out"] * 4
    assert [number for _, number in order[::2]] == [0, 1, 2, 3]
    assert time.monotonic() - started < 2
    assert stores[0].get_lock("person") is None


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_redis_killed_in_the_middle(redis, language):
    port, running, again = redis
    bot = Bot(train())
    bot.agent.lock_store = RedisLocks(f"redis://127.0.0.1:{port}/0")
    conversation = bot.new()
    await conversation.say("hello" if language == "en" else "你好")
    assert conversation.templates
    kill(running[-1])
    started = time.monotonic()
    await conversation.say(CRISIS[language])
    assert time.monotonic() - started < SOON
    assert "utter_crisis_lines" in conversation.templates
    await conversation.say("how much does it cost" if language == "en" else "要多少钱")
    assert conversation.templates == ["utter_unavailable"]
    again()
    await conversation.say("how much does it cost" if language == "en" else "要多少钱")
    assert "kb_claims" in conversation.templates


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_event_broker_killed_in_the_middle(tmp_path, language):
    port = free_port()
    epmd_port = free_port()
    running = [rabbit_on(port, tmp_path, epmd_port)]
    try:
        bot = Bot(train())
        broker = PikaEventBroker("127.0.0.1", "guest", "guest", port=port, queues=["events"])
        await asyncio.wait_for(broker.connect(), 60)
        bot.agent.tracker_store.event_broker = broker
        conversation = bot.new()
        await conversation.say("hello" if language == "en" else "你好")
        assert conversation.templates
        kill(running[-1])
        started = time.monotonic()
        await conversation.say(CRISIS[language])
        assert time.monotonic() - started < SOON
        assert "utter_crisis_lines" in conversation.templates
        assert (await conversation.slots())["risk_level"] == "crisis"
        await conversation.say("yes" if language == "en" else "是的")
        assert conversation.templates
        await asyncio.wait_for(broker.close(), 10)
    finally:
        for process in running:
            kill(process)
        if shutil.which("epmd"):  # Erlang's name server, a daemon that outlives its broker
            await asyncio.sleep(1)  # until it knows that the broker is gone
            subprocess.run(["epmd", "-port", str(epmd_port), "-kill"], capture_output=True)
