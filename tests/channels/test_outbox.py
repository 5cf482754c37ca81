"""Events for listeners: in order, once, resumable, and only of one's own conversation."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels import outbox
from bot.channels.outbox import Outbox


async def take(listening, number):
    found = []
    async for one in listening:
        if one[1]:
            found.append(one)
        if len(found) == number:
            break
    await listening.aclose()
    return found


async def test_what_is_published_is_heard_in_order():
    box = Outbox()
    listening = box.listen("a", None, 5)
    heard = asyncio.create_task(take(listening, 3))
    await asyncio.sleep(0)
    for number in range(3):
        box.publish("a", "message", {"n": number})
        box.publish("b", "message", {"n": 99})
    assert [data["n"] for _, _, data in await heard] == [0, 1, 2]


async def test_a_silent_time_is_reported_for_the_heartbeat():
    async for one in Outbox().listen("a", None, 0.01):
        assert one == ("", "", {})
        break


@given(st.integers(0, 30), st.data())
@settings(max_examples=50, deadline=None)
def test_resuming_gives_exactly_what_was_missed(published, data):
    box = Outbox()
    ids = []
    for number in range(published):
        box.publish("a", "message", {"n": number})
        ids.append(box.last("a"))
    seen = data.draw(st.integers(0, published))
    after = ids[seen - 1] if seen else Outbox.last(box, "a").rpartition("-")[0] + "-0"

    async def resume():
        listening = box.listen("a", after, 0.001)
        found = []
        async for one in listening:
            if not one[1]:
                break
            found.append(one)
        await listening.aclose()
        return found

    assert [one[0] for one in asyncio.run(resume())] == ids[seen:]


async def test_what_is_no_longer_kept_asks_to_read_the_history(monkeypatch):
    box = Outbox()
    first = box.last("a")
    for number in range(outbox._KEPT + 5):
        box.publish("a", "message", {"n": number})
    assert (await take(box.listen("a", first, 1), 1))[0][1] == "reset"
    assert (await take(box.listen("a", Outbox().last("a"), 1), 1))[0][1] == "reset"


async def test_ids_of_a_dropped_conversation_ask_to_read_the_history():
    box = Outbox()
    before = box.last("a")
    box.forget("a")
    box.publish("a", "message", {"n": 1})
    assert (await take(box.listen("a", before, 1), 1))[0][1] == "reset"


async def test_a_conversation_that_ends_ends_its_listeners():
    box = Outbox()
    heard = asyncio.create_task(take(box.listen("a", None, 5), 9))
    await asyncio.sleep(0)
    box.forget("a")
    assert [event for _, event, _ in await asyncio.wait_for(heard, 1)] == ["ended"]


async def test_a_conversation_that_moved_ends_its_listeners_silently():
    box = Outbox()
    heard = asyncio.create_task(take(box.listen("a", None, 5), 9))
    await asyncio.sleep(0)
    box.forget("a", tell=False)
    assert await asyncio.wait_for(heard, 1) == []


async def test_closing_ends_all_listening():
    box = Outbox()
    heard = asyncio.create_task(take(box.listen("a", None, 5), 9))
    await asyncio.sleep(0)
    box.close()
    assert await asyncio.wait_for(heard, 1) == []


async def test_memory_is_bounded_and_listeners_are_kept(monkeypatch):
    monkeypatch.setattr(outbox, "_MOST", 5)
    box = Outbox()
    heard = asyncio.create_task(take(box.listen("listener", None, 5), 1))
    await asyncio.sleep(0)
    for number in range(50):
        box.publish(f"p{number}", "message", {})
    box.publish("listener", "message", {"here": True})
    assert (await heard)[0][2] == {"here": True}
    assert len(box._boxes) <= 6
