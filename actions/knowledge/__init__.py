"""The risk knowledge base: schema, loader and look-up.

`load_knowledge()` reads and checks `data/knowledge/` once and returns an immutable `Knowledge`.
"""

from actions.knowledge.base import Knowledge, load_knowledge
from actions.knowledge.schema import Claim, Source, Text, Topic

__all__ = ["Claim", "Knowledge", "Source", "Text", "Topic", "load_knowledge"]
