"""The breaker, clause by clause, in virtual time."""

from __future__ import annotations

import errno
from collections.abc import Callable

import pytest
import trio
from trio.testing import MockClock

from reeld.actors.kernel.breaker import (
    Breaker,
    BreakerConfig,
    BreakerState,
    CallOutcome,
    service_verdict,
)
from reeld.domain.errors import (
    BreakerOpen,
    CredentialsRejected,
    DatabaseUnavailable,
    DeadlineExceeded,
    NotFound,
    ProtocolViolation,
    RateLimited,
    Refused,
    ServiceDown,
    ServiceError,
)

CONFIG = BreakerConfig(window=10, min_calls=4, open_seconds=10, open_seconds_cap=60, jitter=0.5)
DOWN = ServiceDown("It is down.", service="s")
REJECTED = CredentialsRejected("The passkey is wrong: correct it.", service="s")
SIX_HOURS = 6 * 3600


class Recorder:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.calls: list[CallOutcome] = []
        self.transitions: list[BreakerState] = []
        self.alarms: list[tuple[str, str, str]] = []

    def breaker_call(self, name: str, outcome: CallOutcome) -> None:
        self.calls.append(outcome)

    def breaker_transition(self, name: str, to: BreakerState) -> None:
        self.transitions.append(to)

    def breaker_alarm(self, name: str, reason: str, sentence: str) -> None:
        self.alarms.append((name, reason, sentence))


def make(config: BreakerConfig = CONFIG, **options: object) -> Breaker:
    return Breaker("hdbits", config, **({"draw": lambda: 0.0} | options))  # type: ignore[arg-type]


async def call(breaker: Breaker, error: BaseException | None = None, *, seconds: float = 0) -> None:
    """Make one call that ends with the error, which is swallowed; a refusal is not."""
    try:
        async with breaker.call():
            await trio.sleep(seconds)
            if error is not None:
                raise error
    except BreakerOpen:
        raise
    except BaseException as caught:
        if caught is not error:
            raise


async def trip(breaker: Breaker) -> None:
    while breaker.state is BreakerState.CLOSED:
        await call(breaker, DOWN)


async def test_a_closed_breaker_lets_calls_through(autojump_clock: MockClock) -> None:
    breaker = make()
    for _ in range(20):
        await call(breaker)
    assert breaker.state is BreakerState.CLOSED
    assert breaker.snapshot().failure_rate == 0


async def test_it_does_not_judge_fewer_calls_than_the_minimum(autojump_clock: MockClock) -> None:
    breaker = make()
    for _ in range(3):
        await call(breaker, DOWN)
    assert breaker.state is BreakerState.CLOSED
    assert breaker.snapshot().failure_rate is None
    await call(breaker, DOWN)
    assert breaker.state is BreakerState.OPEN


async def test_it_opens_at_the_failure_rate_and_not_below(autojump_clock: MockClock) -> None:
    below, at = make(), make()
    for error in (None, None, None, DOWN, DOWN):
        await call(below, error)
    for error in (None, None, DOWN, DOWN):
        await call(at, error)
    assert below.state is BreakerState.CLOSED
    assert at.state is BreakerState.OPEN


async def test_only_the_latest_calls_are_counted(autojump_clock: MockClock) -> None:
    breaker = make(BreakerConfig(window=4, min_calls=4, failure_rate=0.75))
    for error in (DOWN, DOWN, None, None, DOWN, None, DOWN, None, DOWN):
        await call(breaker, error)
    assert breaker.state is BreakerState.CLOSED
    assert breaker.snapshot().calls == 4
    assert breaker.snapshot().failure_rate == 0.5


async def test_slow_calls_open_it_although_they_succeed(autojump_clock: MockClock) -> None:
    breaker = make(BreakerConfig(window=10, min_calls=5, slow_seconds=2, slow_rate=0.8))
    for seconds in (3, 3, 3, 2, 3):
        assert breaker.state is BreakerState.CLOSED
        await call(breaker, seconds=seconds)
    assert breaker.state is BreakerState.OPEN
    assert breaker.snapshot().reason == "slow_call"


async def test_an_open_breaker_refuses_without_calling(autojump_clock: MockClock) -> None:
    recorder = Recorder()
    breaker = make(observer=recorder)
    await trip(breaker)
    await trio.sleep(3)
    with pytest.raises(BreakerOpen) as refused:
        async with breaker.call():
            pytest.fail("the block ran")
    assert refused.value.retry_after == 7
    assert refused.value.reason == "breaker_open"
    assert "It is down." in refused.value.sentence
    assert recorder.calls[-1] is CallOutcome.NOT_PERMITTED


async def test_a_good_probe_closes_it(autojump_clock: MockClock) -> None:
    recorder = Recorder()
    breaker = make(observer=recorder)
    await trip(breaker)
    await trio.sleep(10)
    assert breaker.state is BreakerState.HALF_OPEN
    await call(breaker)
    assert breaker.state is BreakerState.CLOSED
    assert recorder.transitions == [
        BreakerState.OPEN,
        BreakerState.HALF_OPEN,
        BreakerState.CLOSED,
    ]


async def test_the_open_wait_doubles_up_to_the_cap(autojump_clock: MockClock) -> None:
    breaker = make()
    await trip(breaker)
    waits = []
    for _ in range(5):
        wait = breaker.snapshot().retry_in
        assert wait is not None
        waits.append(wait)
        await trio.sleep(wait)
        await call(breaker, DOWN)
    assert waits == [10, 20, 40, 60, 60]


async def test_jitter_is_added_to_the_wait(autojump_clock: MockClock) -> None:
    breaker = make(draw=lambda: 0.6)
    await trip(breaker)
    assert breaker.snapshot().retry_in == pytest.approx(10 * (1 + 0.6 * 0.5))


async def test_the_escalation_survives_a_single_good_probe(autojump_clock: MockClock) -> None:
    breaker = make()
    await trip(breaker)
    await trio.sleep(10)
    await call(breaker)
    await trip(breaker)
    assert breaker.snapshot().retry_in == 20


async def test_a_quiet_time_ends_the_escalation(autojump_clock: MockClock) -> None:
    breaker = make()
    await trip(breaker)
    await trio.sleep(10)
    await call(breaker)
    await trio.sleep(10)
    await trip(breaker)
    assert breaker.snapshot().retry_in == 10


async def test_no_more_probes_than_permits_go_through_at_once(autojump_clock: MockClock) -> None:
    breaker = make(BreakerConfig(window=4, min_calls=4, probes=2, successes=2))
    await trip(breaker)
    await trio.sleep(15)
    refused: list[str] = []

    async def try_once() -> None:
        try:
            await call(breaker, seconds=1)
        except BreakerOpen as error:
            refused.append(error.reason)

    async with trio.open_nursery() as nursery:
        for _ in range(20):
            nursery.start_soon(try_once)
    assert refused == ["breaker_probing"] * 18
    assert breaker.state is BreakerState.CLOSED


async def test_it_closes_only_after_enough_good_probes(autojump_clock: MockClock) -> None:
    breaker = make(BreakerConfig(window=4, min_calls=4, successes=3))
    await trip(breaker)
    await trio.sleep(15)
    for _ in range(2):
        await call(breaker)
        assert breaker.state is BreakerState.HALF_OPEN
    await call(breaker)
    assert breaker.state is BreakerState.CLOSED


async def test_a_slow_probe_opens_it_again(autojump_clock: MockClock) -> None:
    breaker = make()
    await trip(breaker)
    await trio.sleep(10)
    await call(breaker, seconds=25)
    assert breaker.state is BreakerState.OPEN


async def test_a_hung_probe_ends_at_its_deadline_and_has_failed(autojump_clock: MockClock) -> None:
    breaker = make()
    await trip(breaker)
    await trio.sleep(10)
    began = trio.current_time()
    with pytest.raises(DeadlineExceeded):
        async with breaker.call():
            await trio.sleep_forever()
    assert trio.current_time() - began == 30
    assert breaker.state is BreakerState.OPEN
    assert breaker.snapshot().retry_in == 20


async def test_a_probe_that_cannot_be_cancelled_does_not_hold_the_permit_for_ever(
    autojump_clock: MockClock,
) -> None:
    recorder = Recorder()
    breaker = make(observer=recorder)
    await trip(breaker)
    await trio.sleep(10)

    async def deaf() -> None:
        async with breaker.call():
            with trio.CancelScope(shield=True):
                await trio.sleep(500)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(deaf)
        await trio.sleep(30)
        assert breaker.state is BreakerState.OPEN
        assert breaker.snapshot().reason == "probe_hung"
        await trio.sleep(20)
        await call(breaker)
        assert breaker.state is BreakerState.CLOSED
    assert recorder.calls[-1] is CallOutcome.LATE
    assert breaker.state is BreakerState.CLOSED


async def test_a_cancelled_probe_gives_its_permit_back_and_says_nothing(
    autojump_clock: MockClock,
) -> None:
    breaker = make()
    await trip(breaker)
    await trio.sleep(10)
    with trio.move_on_after(5) as scope:
        await call(breaker, seconds=20)
    assert scope.cancelled_caught
    assert breaker.state is BreakerState.HALF_OPEN
    assert breaker.snapshot().probes_in_flight == 0
    await call(breaker)
    assert breaker.state is BreakerState.CLOSED


async def test_cancelled_calls_are_not_counted(autojump_clock: MockClock) -> None:
    breaker = make()
    for _ in range(20):
        with trio.move_on_after(1):
            await call(breaker, seconds=2)
    assert breaker.state is BreakerState.CLOSED
    assert breaker.snapshot().calls == 0


async def test_a_late_result_is_ignored(autojump_clock: MockClock) -> None:
    recorder = Recorder()
    breaker = make(observer=recorder)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: call(breaker, DOWN, seconds=15))
        nursery.start_soon(lambda: call(breaker, seconds=12))
        await trio.sleep(1)
        await trip(breaker)
        await trio.sleep(10)
        assert breaker.state is BreakerState.HALF_OPEN
        await trio.sleep(1.5)
        assert recorder.calls[-1] is CallOutcome.LATE
        assert breaker.state is BreakerState.HALF_OPEN, "a success from before the trip closed it"
        await call(breaker)
        assert breaker.snapshot().calls == 0
    assert breaker.snapshot().calls == 0


@pytest.mark.parametrize(
    "error",
    [
        NotFound("No such movie."),
        Refused("The query is wrong."),
    ],
)
async def test_an_answer_that_says_no_is_a_success(
    autojump_clock: MockClock, error: Exception
) -> None:
    breaker = make()
    for _ in range(20):
        await call(breaker, error)
    assert breaker.state is BreakerState.CLOSED
    assert breaker.snapshot().failure_rate == 0


@pytest.mark.parametrize(
    "error",
    [
        DOWN,
        ProtocolViolation("HTML where JSON was due.", service="s"),
        RateLimited("Slow down.", service="s"),
        DeadlineExceeded("Too late."),
        trio.TooSlowError(),
        ConnectionResetError(errno.ECONNRESET, "reset"),
        ExceptionGroup("both", [ValueError("bug"), DOWN]),
    ],
)
async def test_what_the_service_does_wrong_is_a_failure(
    autojump_clock: MockClock, error: Exception
) -> None:
    breaker = make()
    for _ in range(4):
        await call(breaker, error)
    assert breaker.state is BreakerState.OPEN


@pytest.mark.parametrize(
    "error", [ValueError("a bug"), DatabaseUnavailable("PostgreSQL is away."), BreakerOpen("x")]
)
def test_what_is_not_the_service_s_fault_says_nothing(error: Exception) -> None:
    assert service_verdict(error).outcome is CallOutcome.NEUTRAL


@pytest.mark.parametrize("kind", [RateLimited, ServiceDown])
async def test_retry_after_opens_it_at_once_until_then(
    autojump_clock: MockClock, kind: type[ServiceError]
) -> None:
    breaker = make()
    await call(breaker, kind("Come back later.", service="s", retry_after=900))
    assert breaker.snapshot().retry_in == 900
    await trio.sleep(899)
    with pytest.raises(BreakerOpen):
        await call(breaker)
    await trio.sleep(1)
    await call(breaker)
    assert breaker.state is BreakerState.CLOSED


async def test_retry_after_of_a_probe_is_honoured(autojump_clock: MockClock) -> None:
    breaker = make()
    await trip(breaker)
    await trio.sleep(10)
    await call(breaker, RateLimited("Slow down.", service="s", retry_after=900))
    assert breaker.snapshot().retry_in == 900


async def test_a_late_retry_after_makes_the_wait_longer_and_never_shorter(
    autojump_clock: MockClock,
) -> None:
    breaker = make()
    limited = RateLimited("Slow down.", service="s", retry_after=900)
    soon = RateLimited("Slow down.", service="s", retry_after=1)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: call(breaker, limited, seconds=2))
        nursery.start_soon(lambda: call(breaker, soon, seconds=3))
        await trio.sleep(1)
        await trip(breaker)
    assert breaker.snapshot().retry_in == 899


@pytest.mark.parametrize("asked", [1e300, float("inf"), float("nan"), -5.0])
async def test_a_hostile_retry_after_cannot_close_the_service_for_ever(
    autojump_clock: MockClock, asked: float
) -> None:
    breaker = make()
    await call(breaker, RateLimited("Slow down.", service="s", retry_after=asked))
    assert (breaker.snapshot().retry_in or 0) <= 86_400


async def test_rejected_credentials_force_it_open_at_once_with_an_alarm(
    autojump_clock: MockClock,
) -> None:
    recorder = Recorder()
    breaker = make(observer=recorder)
    await call(breaker, REJECTED)
    assert breaker.state is BreakerState.FORCED_OPEN
    assert breaker.snapshot().reason == "credentials_rejected"
    assert recorder.alarms == [("hdbits", "credentials_rejected", REJECTED.sentence)]
    with pytest.raises(BreakerOpen, match="The passkey is wrong") as refused:
        await call(breaker)
    assert refused.value.reason == "breaker_forced_open"


async def test_rejected_credentials_are_tried_once_in_six_hours(autojump_clock: MockClock) -> None:
    breaker = make(BreakerConfig(probes=5))
    await call(breaker, REJECTED)
    for error in (REJECTED, DOWN, RateLimited("!", service="s", retry_after=1), ValueError("bug")):
        await trio.sleep(SIX_HOURS - 1)
        with pytest.raises(BreakerOpen):
            await call(breaker)
        await trio.sleep(1)
        await call(breaker, error)
        assert breaker.state is BreakerState.FORCED_OPEN, error
    await trio.sleep(SIX_HOURS)
    await call(breaker)
    assert breaker.state is BreakerState.CLOSED


async def test_only_one_call_tries_rejected_credentials(autojump_clock: MockClock) -> None:
    breaker = make(BreakerConfig(probes=5))
    await call(breaker, REJECTED)
    await trio.sleep(SIX_HOURS)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: call(breaker, REJECTED, seconds=5))
        await trio.sleep(1)
        with pytest.raises(BreakerOpen):
            await call(breaker)


async def test_a_cancelled_try_of_rejected_credentials_uses_the_try_up(
    autojump_clock: MockClock,
) -> None:
    breaker = make()
    await call(breaker, REJECTED)
    await trio.sleep(SIX_HOURS)
    with trio.move_on_after(1):
        await call(breaker, seconds=9)
    assert breaker.state is BreakerState.FORCED_OPEN
    assert breaker.snapshot().retry_in == SIX_HOURS


@pytest.mark.parametrize(
    "act", [lambda b: b.settings_changed(), lambda b: b.reset()], ids=["settings", "person"]
)
async def test_rejected_credentials_are_probed_again_when_a_person_acts(
    autojump_clock: MockClock, act: Callable[[Breaker], None]
) -> None:
    breaker = make()
    await call(breaker, REJECTED)
    act(breaker)
    assert breaker.state is BreakerState.HALF_OPEN
    await call(breaker)
    assert breaker.state is BreakerState.CLOSED


async def test_a_rejection_of_the_former_credentials_is_late(autojump_clock: MockClock) -> None:
    breaker = make()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: call(breaker, REJECTED, seconds=5))
        await trio.sleep(1)
        breaker.settings_changed("new")
    assert breaker.state is BreakerState.CLOSED


async def test_a_change_of_settings_probes_an_open_breaker_at_once(
    autojump_clock: MockClock,
) -> None:
    breaker = make()
    await trip(breaker)
    breaker.settings_changed("new")
    await call(breaker)
    assert breaker.state is BreakerState.CLOSED


async def test_what_a_person_forced_open_stays_open_until_a_person_resets_it(
    autojump_clock: MockClock,
) -> None:
    breaker = make()
    breaker.force_open("maintenance", "The tracker is being moved.")
    await trio.sleep(10 * SIX_HOURS)
    breaker.settings_changed("new")
    with pytest.raises(BreakerOpen, match="being moved") as refused:
        await call(breaker)
    assert refused.value.retry_after is None
    breaker.reset()
    await call(breaker)
    assert breaker.state is BreakerState.CLOSED


async def test_a_disabled_breaker_lets_everything_through(autojump_clock: MockClock) -> None:
    breaker = make()
    breaker.disable()
    for error in (DOWN,) * 20 + (REJECTED,):
        await call(breaker, error)
    assert breaker.state is BreakerState.DISABLED
    breaker.reset()
    assert breaker.state is BreakerState.HALF_OPEN


async def test_the_wait_begins_with_short_ones_again_after_a_reset(
    autojump_clock: MockClock,
) -> None:
    breaker = make()
    await trip(breaker)
    await trio.sleep(10)
    await call(breaker, DOWN)
    breaker.reset()
    await call(breaker, DOWN)
    assert breaker.snapshot().retry_in == 10


async def test_an_error_of_the_block_reaches_the_caller_unchanged(
    autojump_clock: MockClock,
) -> None:
    breaker = make()
    with pytest.raises(ServiceDown) as caught:
        async with breaker.call():
            raise DOWN
    assert caught.value is DOWN


async def test_cancellation_passes_through_the_breaker(autojump_clock: MockClock) -> None:
    breaker = make()
    with trio.CancelScope() as scope:
        async with breaker.call():
            scope.cancel(reason="stop")
            await trio.sleep(1)
    assert scope.cancelled_caught


def test_an_error_text_with_a_url_does_not_reach_the_views() -> None:
    error = OSError(errno.EIO, "Input/output error", "/srv/secret-passkey/file")
    assert "secret" not in service_verdict(error).sentence


@pytest.mark.parametrize(
    "wrong",
    [
        {"window": 5, "min_calls": 6},
        {"min_calls": 0},
        {"probes": 0},
        {"successes": 0},
        {"failure_rate": 0},
        {"slow_rate": 1.1},
        {"open_seconds": 0},
        {"open_seconds": 10, "open_seconds_cap": 9},
        {"probe_deadline": 0},
        {"jitter": -1},
    ],
)
def test_numbers_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must"):
        BreakerConfig(**wrong)  # type: ignore[arg-type]


def test_a_breaker_can_be_made_before_trio_runs() -> None:
    assert make().name == "hdbits"
