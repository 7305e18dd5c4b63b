from __future__ import annotations

import pickle

import pytest

from reeld.domain import messages
from reeld.domain.messages import (
    Message,
    Overflow,
    PollFeed,
    RemoveDownload,
    SettingsChanged,
    Sweep,
)

KINDS = [
    value
    for value in vars(messages).values()
    if isinstance(value, type) and issubclass(value, Message) and value is not Message
]


@pytest.mark.parametrize("kind", KINDS)
def test_messages_are_frozen_values_without_a_dictionary(kind: type) -> None:
    assert kind.__dataclass_params__.frozen
    assert "__slots__" in vars(kind)


def test_sweeps_coalesce_whether_hinted_or_not() -> None:
    assert Sweep(hinted=True).coalesce_key() == Sweep(hinted=False).coalesce_key()
    assert Sweep.overflow is Overflow.COALESCE


def test_polls_of_two_feeds_do_not_coalesce() -> None:
    assert PollFeed("one").coalesce_key() != PollFeed("two").coalesce_key()
    assert PollFeed("one").coalesce_key() == PollFeed("one").coalesce_key()


def test_changed_settings_overtake_the_queue() -> None:
    assert SettingsChanged.control


def test_nothing_is_deleted_unless_told() -> None:
    assert RemoveDownload(acquisition_id=3).delete_files is False


def test_messages_survive_a_copy() -> None:
    message = PollFeed("one")
    assert pickle.loads(pickle.dumps(message)) == message
