"""Rate limits, with a clock of their own."""

from hypothesis import given
from hypothesis import strategies as st

from bot.channels.limits import RateLimit


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def test_a_burst_then_a_wait_then_again():
    clock = Clock()
    limit = RateLimit(3, 60, clock)
    assert [limit.take("a") for _ in range(4)] == [0, 0, 0, 1]
    assert limit.take("b") == 0
    clock.now += 1
    assert limit.take("a") == 0
    assert limit.take("a") > 0


def test_a_clock_that_steps_back_harms_nobody():
    clock = Clock()
    limit = RateLimit(1, 60, clock)
    limit.take("a")
    clock.now -= 500
    assert limit.take("a") > 0
    clock.now += 2
    assert limit.take("a") == 0


@given(st.lists(st.floats(0, 30), max_size=200), st.integers(1, 20), st.integers(1, 200))
def test_never_more_than_the_burst_and_the_rate(pauses, burst, per_minute):
    clock = Clock()
    limit = RateLimit(burst, per_minute, clock)
    allowed = 0
    for pause in pauses:
        clock.now += pause
        wait = limit.take("a")
        allowed += wait == 0
        assert wait == 0 or wait >= 1
    assert allowed <= burst + (clock.now - 1000) * per_minute / 60 + 1e-6


@given(st.integers(1, 5), st.integers(1, 120))
def test_after_the_wait_that_was_named_it_is_allowed(burst, per_minute):
    clock = Clock()
    limit = RateLimit(burst, per_minute, clock)
    while not (wait := limit.take("a")):
        pass
    clock.now += wait
    assert limit.take("a") == 0
