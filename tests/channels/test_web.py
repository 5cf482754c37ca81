"""Settings of the web chat."""

import pytest

from bot.channels.web import proxies


def test_proxies_before_the_server():
    assert proxies("") is None
    assert proxies("2") == 2


@pytest.mark.parametrize("setting", ["0", "-1", "two", "10", "1.5"])
def test_no_number_of_proxies(setting):
    with pytest.raises(ValueError, match="UPRIGHT_PROXIES"):
        proxies(setting)
