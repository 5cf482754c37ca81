"""The policies that look back a little way only say the same as if they looked back all the way."""

import asyncio

import pytest
from aiohttp import web
from rasa.core.policies.rule_policy import RulePolicy
from rasa.shared.core.events import ActionExecuted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.policies.base import RECENT_ACTIONS, recent
from bot.policies.rule import RecentRulePolicy
from bot.serve import free_port
from bot.server import PromptActionEndpoint


def policy(agent, kind):
    """Return the loaded policy of a class."""
    nodes = agent.processor.graph_runner._instantiated_nodes.values()
    return next(node._component for node in nodes if isinstance(node._component, kind))


def conversation(domain, turns):
    """Return a tracker of (intent, action, slots) turns, after which the person has spoken."""
    tracker = DialogueStateTracker("someone", domain.slots)
    for intent, action, slots in turns:
        tracker.update(ActionExecuted("action_listen"))
        tracker.update(UserUttered(intent, {"name": intent, "confidence": 1.0}))
        for name, value in slots.items():
            tracker.update(SlotSet(name, value))
        if action:
            tracker.update(ActionExecuted(action))
    return tracker


TURNS = [
    ("greet", "utter_greet", {"language": "en"}),
    ("ask_complication_infection", "action_answer_topic", {"last_topic": "complication.infection"}),
    ("follow_up_frequency", "action_answer_follow_up", {}),
    ("thanks", "utter_thanks", {"region": "GB"}),
    ("more", "action_tell_more", {}),
    ("ask_sources", "action_show_sources", {}),
    ("greet", "utter_greet", {}),
]


def test_recent_keeps_the_slots_and_the_end(bot):
    domain = bot.agent.domain
    tracker = conversation(domain, [*TURNS, ("thanks", None, {})])
    cut = recent(tracker)
    assert sum(isinstance(event, ActionExecuted) for event in cut.events) == RECENT_ACTIONS
    assert cut.current_slot_values() == tracker.current_slot_values()
    assert cut.latest_message == tracker.latest_message
    short = conversation(domain, TURNS[:2])
    assert recent(short) is short


@pytest.mark.parametrize(
    "intent", ["greet", "thanks", "stop", "request_diy", "ask_law_age", "more", "switch_to_english"]
)
@pytest.mark.parametrize("length", [0, 2, 7])
def test_rules_predict_as_rasas_own(bot, intent, length):
    domain = bot.agent.domain
    rules = policy(bot.agent, RecentRulePolicy)
    tracker = conversation(domain, [*TURNS[:length], (intent, None, {})])
    ours = rules.predict_action_probabilities(tracker, domain).probabilities
    own = RulePolicy._find_action_from_rules
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RecentRulePolicy, "_find_action_from_rules", own)
        patch.setattr("bot.policies.rule.recent", lambda tracker: tracker)
        stock = rules.predict_action_probabilities(tracker, domain).probabilities
    assert ours == stock


async def test_an_action_is_called_again_over_a_connection_that_has_died():
    port, calls = free_port(), []

    async def answer(request):
        calls.append(request.path)
        return web.json_response({"events": [], "responses": []})

    async def start():
        app = web.Application()
        app.router.add_post("/webhook", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        return runner

    endpoint = PromptActionEndpoint(url=f"http://127.0.0.1:{port}/webhook")
    runner = await start()
    for _ in range(2):
        assert await endpoint.request(json={}) == {"events": [], "responses": []}
    await runner.cleanup()
    runner = await start()
    assert await endpoint.request(json={}) == {"events": [], "responses": []}
    assert len(calls) == 3
    await runner.cleanup()
    await asyncio.sleep(0)
