"""Two hundred people at once on one server process: nothing lost, doubled or crossed.

`make soak`. Each person sends a message every 5 s for two minutes and listens to their events.
Somebody may be told to wait, and then gets the answer as an event. Prints latency beside that of an
idle server, measured in the same run.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import statistics
import time
import uuid
from dataclasses import dataclass, field

import aiohttp
import pytest

from tests.e2e.stack import Stack

PEOPLE = int(os.environ.get("PEOPLE", "200"))
SECONDS = 120.0
EVERY = 5.0
pytestmark = [pytest.mark.soak, pytest.mark.timeout(600)]

TEXTS = (
    *("will my nerves be damaged?", "how common is that?", "source?", "is it legal in china?"),
    *("会伤到神经吗", "那能治好吗", "断骨增高大概多少钱", "出处呢", "我受不了自己这么矮"),
    *("what does the frame look like", "how long until i can walk", "hi", "谢谢", "tell me more"),
)


@dataclass
class Person:
    """What one person sent, got as replies, and heard as events."""

    sent: list[str] = field(default_factory=list)
    replies: dict[str, list[str]] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)  # answered by an event
    shown: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def stack(model, tmp_path_factory):
    stack = Stack(tmp_path_factory.mktemp("load"))
    try:
        yield stack.wait()
    finally:
        stack.stop()


async def listen(http: aiohttp.ClientSession, base: str, token: str, person: Person) -> None:
    async with http.get(f"{base}/events", headers={"Authorization": f"Bearer {token}"}) as answer:
        assert answer.status == 200
        async for raw in answer.content:
            line = raw.decode().rstrip("\n")
            if line.startswith("data: ") and len(line) > 8:
                person.heard.append(json.loads(line[6:])["id"])


async def live(
    http: aiohttp.ClientSession, base: str, person: Person, seconds: float, stored: bool
) -> None:
    """Send messages until the time is over; then read the history."""
    async with http.post(f"{base}/session", json={"stored": stored}) as answer:
        token = (await answer.json())["token"]
    listening = asyncio.create_task(listen(http, base, token, person))
    await asyncio.sleep(random.random() * EVERY)
    begun = time.monotonic()
    end = begun + seconds
    headers = {"Authorization": f"Bearer {token}"}
    while time.monotonic() < end:
        message_id = uuid.uuid4().hex
        body = {"id": message_id, "text": random.choice(TEXTS)}
        person.sent.append(message_id)
        started = time.monotonic()
        async with http.post(f"{base}/messages", json=body, headers=headers) as answer:
            data = await answer.json()
            if answer.status != 200:
                person.errors.append(f"{answer.status} {data.get('code')}")
            else:
                person.replies[message_id] = [m["id"] for m in data["messages"]]
                if any(m["template"] == "utter_delayed" for m in data["messages"]):
                    person.late.append(message_id)
                elif any(m["template"] == "utter_unavailable" for m in data["messages"]):
                    person.errors.append(f"no words after {started - begun:.0f} s")
        took = time.monotonic() - started
        person.seconds.append(took)
        await asyncio.sleep(max(0.0, EVERY - took))
    told = {message for ids in person.replies.values() for message in ids}
    patience = time.monotonic() + 15  # events may come a little later than answers
    while time.monotonic() < patience:
        others = {*person.heard} - told - {*person.sent}
        came_late = {message.partition(".")[0] for message in others}
        if {*person.sent, *told} <= {*person.heard} and {*person.late} <= came_late:
            break
        await asyncio.sleep(0.2)
    await asyncio.sleep(1)  # what nobody expects would come now
    async with http.get(f"{base}/history", headers=headers) as answer:
        data = await answer.json()
        person.shown = [m["id"] for m in data["messages"] if m["author"] == "person"]
    listening.cancel()


async def crowd(base: str, number: int, seconds: float) -> list[Person]:
    people = [Person() for _ in range(number)]
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=None, sock_read=60)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as http:
        await asyncio.gather(
            *(live(http, base, one, seconds, stored=i % 2 == 0) for i, one in enumerate(people))
        )
    return people


def test_two_hundred_people_at_once(stack):
    base = f"{stack.base}/chat"
    alone = asyncio.run(crowd(base, 1, 15))[0].seconds
    people = asyncio.run(crowd(base, PEOPLE, SECONDS))
    sent = [message for one in people for message in one.sent]
    seconds = sorted(second for one in people for second in one.seconds)
    median, high = statistics.median(seconds), seconds[int(len(seconds) * 0.95)]
    idle = statistics.median(alone)
    late = sum(len(one.late) for one in people)
    print(
        f"\n{PEOPLE} people, {len(sent)} messages: median {1000 * median:.0f} ms, "
        f"95 % {1000 * high:.0f} ms; one person alone {1000 * idle:.0f} ms "
        f"(ratio {median / idle:.1f}), {late} told to wait"
    )
    assert "Traceback" not in stack.log.read_text("utf-8")
    assert [error for one in people for error in one.errors] == []
    assert len(set(sent)) == len(sent)
    for one in people:
        # Each message is in the record once and answered once, in the person's own stream only.
        assert one.shown == one.sent
        assert set(one.replies) == set(one.sent)
        told = [message for ids in one.replies.values() for message in ids]
        assert len(one.heard) == len(set(one.heard))
        came_late = set(one.heard) - {*one.sent, *told}
        assert {*one.sent, *told} <= set(one.heard)
        assert {message.partition(".")[0] for message in came_late} == set(one.late)
