"""What was said in a conversation, read from its record: for resuming, exporting, not repeating."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from rasa.shared.core.events import BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from actions.knowledge.schema import Language
from bot.storage.tracker import current_store
from bot.words import Message, Words, WordsError

Author = Literal["assistant", "person", "counsellor"]


@dataclass(frozen=True)
class Entry:
    """One thing said. `reply_to`: id of the person's message it belongs to, "" where unknown.

    `raw`: a person's message as it was received, where `text` shows the title of a button.
    """

    author: Author
    time: float
    reply_to: str
    language: Language
    text: str
    message: Message | None = None  # rendered again; of the assistant only
    label: str = ""
    raw: str = ""


async def read_record(sender: str, words: Words) -> list[Entry]:
    """Return everything said in a conversation, in order; empty where there is no record."""
    store = current_store()
    tracker = await store.retrieve_full_tracker(sender) if store else None
    return list(entries(tracker, words)) if tracker else []


def entries(tracker: DialogueStateTracker, words: Words) -> Iterator[Entry]:
    """Yield the entries of a tracker. Messages that no content file renders any more are left out.

    A button's payload is shown by the title that the button had.
    """
    titles: dict[str, str] = {}
    reply_to, language = "", "en"
    events = [e for e in tracker.events if isinstance(e, (UserUttered, BotUttered))]
    # What the channel said by itself reaches the record later than it was said.
    for event in sorted(events, key=lambda e: e.timestamp):
        if isinstance(event, UserUttered):
            reply_to = event.message_id or ""
            text = event.text or ""
            if words.is_issued(text):
                text = titles.get(text) or words.title_of(text, _known(language))
            found = (event.parse_data or {}).get("language")
            language = found if found in ("en", "zh") else language
            if text.strip():
                known, raw = _known(language), event.text or ""
                yield Entry("person", event.timestamp, reply_to, known, text, raw=raw)
            continue
        data = event.metadata or {}
        if data.get("author") == "counsellor":
            text = event.text or ""
            label = str(data.get("label") or "")
            yield Entry("counsellor", event.timestamp, "", _known(language), text, label=label)
            continue
        message = _again(data, words)
        if message is not None:
            language = message["language"]
            titles.update((b["payload"], b["title"]) for b in message["buttons"] or [])
            said = str(message["text"])
            own = data.get("reply_to", reply_to)
            yield Entry("assistant", event.timestamp, own, _known(language), said, message)


def _again(data: dict[str, Any], words: Words) -> Message | None:
    try:
        return words.render(str(data["template"]), data.get("values") or {}, data["language"])
    except (KeyError, WordsError):
        return None


def _known(language: str) -> Language:
    return "zh" if language == "zh" else "en"
