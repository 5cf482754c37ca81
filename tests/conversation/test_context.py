"""Conversations whose course is not the same text in both languages."""

import pytest


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_nothing_is_said_twice(bot, language):
    ask = {"en": "can it get infected?", "zh": "会感染吗？"}[language]
    conversation, heard = bot.new(), []
    for _ in range(4):
        for message in await conversation.say(ask):
            if message["template"] == "kb_claims":
                heard.append(message["text"])
    assert len(heard) >= 4
    assert len(heard) == len(set(heard))


async def test_another_language_is_answered_in_english_and_offered_once(bot):
    conversation = bot.new()
    await conversation.say("Quel est le risque d'infection après une opération des jambes ?")
    assert conversation.templates.count("utter_tongue") == 1
    assert "anglais" in conversation.text
    assert (await conversation.slots())["language"] == "en"
    await conversation.say("Combien de temps faut-il pour marcher après l'opération ?")
    assert "utter_tongue" not in conversation.templates


async def test_what_fits_the_amount_comes_first(bot):
    conversation = bot.new()
    await conversation.say("how many cm can i gain? i want 9 cm")
    await conversation.send("/ask_complication_fracture")
    assert (await conversation.slots())["topic"] == "complication.fracture"
    first = conversation.reply[0]["values"]
    assert (first["facet"], first["index"]) == ("amount", 0)
