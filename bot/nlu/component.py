"""Base of the components that only read a message and add something to it."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData


class MessageAnnotator(GraphComponent):
    """Calls `annotate` for each message, in training and in prediction; has nothing to learn."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> MessageAnnotator:
        """Create the component from its part of `config.yml`."""
        return cls(config)

    def annotate(self, message: Message) -> None:
        """Add this component's findings to `message`; must accept any text."""
        raise NotImplementedError

    def process(self, messages: list[Message]) -> list[Message]:
        """Annotate messages at prediction time."""
        for message in messages:
            if message.get(TEXT) is not None:
                self.annotate(message)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Annotate the training examples."""
        self.process(training_data.training_examples)
        return training_data
