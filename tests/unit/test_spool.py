"""The spool: what waits for the record, and what must never reach it."""

from cryptography.fernet import Fernet

from bot.storage.consent import conversation_id
from bot.storage.spool import Spool

KEY = Fernet.generate_key()
EVENT = {"event": "user", "text": "orange lantern", "timestamp": 1.0}
LATER = {**EVENT, "timestamp": 2.0}


def test_a_child_is_not_kept_after_a_restart_either(tmp_path):
    spool = Spool(tmp_path, KEY)
    spool.add("a", [EVENT])
    spool.never("a")
    spool.never("a")
    for one in (spool, Spool(tmp_path, KEY)):
        one.add("a", [EVENT])
        assert one.is_never("a")
        assert one.read("a") == []
        assert not one.is_never("b")
    assert not any(b"orange" in file.read_bytes() for file in tmp_path.iterdir())
    assert len((tmp_path / "never").read_text().split()) == 1


def test_only_what_was_recorded_is_forgotten(tmp_path):
    spool = Spool(tmp_path, KEY)
    for sender in ("a", conversation_id("a", stored=False)):
        spool.add(sender, [EVENT])
        spool.add(sender, [LATER])
        spool.keep_only(sender, lambda event: event["timestamp"] > 1)
        assert spool.read(sender) == [LATER]


def test_without_a_disk_it_is_kept_in_memory(tmp_path):
    (tmp_path / "file").write_text("")
    spool = Spool(tmp_path / "file" / "no folder", KEY)
    spool.add("a", [EVENT])
    assert spool.read("a") == [EVENT]
    spool.drop("a")
    assert spool.read("a") == []
    spool.never("a")
    assert spool.is_never("a")
