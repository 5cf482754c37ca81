"""One set of checks that every graph component of `config.yml` must pass."""

from dataclasses import dataclass, field
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.nlu.constants import TOKENS_NAMES
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.common import class_from_module_path

from bot.paths import ROOT

CONFIG = yaml.safe_load((ROOT / "config.yml").read_text("utf-8"))
NAMES = [part["name"] for part in CONFIG["pipeline"]]
EXAMPLES = {
    "ask_complication_infection": ["can it get infected", "pus at the pins", "会感染吗", "发炎"],
    "ask_cost_overview": ["what does it cost", "how much money", "要多少钱", "价格"],
    "out_of_scope": ["weather tomorrow", "tell me a joke", "今天天气", "讲个笑话"],
}
ODD = [
    "",
    " ",
    "\n",
    "👍",
    "?!",
    "x" * 3000,
    "字" * 3000,
    "断骨增高",
    "\u0000",
    "\ud800",
    "/restart",
    "a\u200bb",
    "5cm",
    "LON 和 internal nail 哪个好",
    "<script>",
    "{}{}",
]


@dataclass
class Pipeline:
    """All components, trained on a few examples in the order of `config.yml`."""

    parts: list[Any] = field(default_factory=list)

    def run(self, text: str) -> Message:
        message = Message({TEXT: text})
        for part in self.parts:
            before = set(message.data)
            (message,) = part.process([message])
            assert before <= set(message.data), f"{type(part).__name__} removed something"
        return message


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory):
    storage = LocalModelStorage.create(tmp_path_factory.mktemp("storage"))
    data = TrainingData(
        [Message.build(text, intent) for intent, texts in EXAMPLES.items() for text in texts]
    )
    pipeline = Pipeline()
    for position, part in enumerate(CONFIG["pipeline"]):
        component = class_from_module_path(part["name"])
        options = {k: v for k, v in part.items() if k != "name"}
        config = {**component.get_default_config(), **options}
        context = ExecutionContext(GraphSchema({}), "none", node_name=f"node{position}")
        resource = Resource(f"node{position}")
        made = component.create(config, storage, resource, context)
        if DefaultV1Recipe._from_registry(part["name"]).is_trainable:
            made.train(data)
            # What was stored must be enough to go on with.
            made = component.load(config, storage, resource, context)
        if hasattr(made, "process_training_data"):
            data = made.process_training_data(data)
        pipeline.parts.append(made)
    return pipeline


@pytest.mark.parametrize("name", NAMES)
def test_is_registered_and_described(name):
    component = class_from_module_path(name)
    assert component.__doc__
    assert DefaultV1Recipe._from_registry(name)
    assert isinstance(component.get_default_config(), dict)


@pytest.mark.parametrize("text", ODD)
def test_any_text_goes_through_all_components(pipeline, text):
    message = pipeline.run(text)
    assert message.get(TEXT) == text
    assert "name" in message.get(INTENT)
    assert message.get("language") in ("en", "zh", None)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=st.text(max_size=300))
def test_whatever_people_type(pipeline, text):
    assert pipeline.run(text).get(INTENT) is not None


def test_components_give_the_same_for_the_same(pipeline):
    first, second = pipeline.run("how much money"), pipeline.run("how much money")
    assert first.get(INTENT) == second.get(INTENT)
    assert first.get("intent_ranking") == second.get("intent_ranking")


def test_messages_do_not_touch_each_other(pipeline):
    alone = pipeline.run("会感染吗").get(INTENT)
    messages = [Message({TEXT: "what does it cost"}), Message({TEXT: "会感染吗"})]
    for part in pipeline.parts:
        messages = part.process(messages)
    assert messages[1].get(INTENT)["name"] == alone["name"]


def test_tokens_stand_in_the_text(pipeline):
    message = pipeline.run("LON 和 internal nail 哪个好")
    for token in message.get(TOKENS_NAMES[TEXT]):
        assert message.get(TEXT)[token.start : token.end] == token.text


def test_names_of_things(pipeline):
    found = {
        (e["entity"], e["value"])
        for e in pipeline.run("foot drop after 8cm with a Precice nail in Turkey?").get(ENTITIES)
    }
    assert {
        ("topic", "complication.nerve_injury"),
        ("amount", 8.0),
        ("technique", "internal_nail"),
        ("country", "TR"),
    } <= found
    found = {
        (e["entity"], e["value"]) for e in pipeline.run("去土耳其做外支架长3英寸").get(ENTITIES)
    }
    assert {("country", "TR"), ("technique", "external_frame"), ("amount", 7.6)} <= found


def test_a_payload_carries_no_findings(pipeline):
    message = pipeline.run('/more{"topic": "law.china"}')
    assert message.get("language") is None
    assert not message.get("risk")
    assert not message.get(ENTITIES)


@pytest.mark.parametrize(
    "text, level",
    [("i want to kill myself", "crisis"), ("我不想活了", "crisis"), ("how much is it", "none")],
)
def test_risk(pipeline, text, level):
    assert pipeline.run(text).get("risk")["level"] == level


def test_text_without_words_is_known_as_such(pipeline):
    assert pipeline.run("😀😀").get(INTENT)["name"] == "no_words"


@pytest.mark.parametrize(
    "text, stops",
    [
        ("stop", True),
        ("ok stop here please", True),
        ("先停一下", True),
        ("i stop eating", False),
        ("i stop answering my phone", False),
    ],
)
def test_only_a_plain_stop_ends_an_exercise(text, stops):
    from bot.nlu.fallback import _STOPS

    assert bool(_STOPS.fullmatch(text)) is stops
