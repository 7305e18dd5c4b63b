from __future__ import annotations

import pytest

from reeld.domain.errors import Refused
from reeld.domain.topics import Topic
from reeld.http.events.orders import Order, order_of_message, order_of_query


@pytest.mark.parametrize(
    ("query", "message", "order"),
    [
        ("", "{}", Order()),
        ("topics=", '{"topics": []}', Order(topics=frozenset())),
        (
            "topics=movie,download",
            '{"topics": ["download", "movie"]}',
            Order(topics=frozenset({Topic.MOVIE, Topic.DOWNLOAD})),
        ),
        ("since=12", '{"since": 12}', Order(since=12)),
    ],
)
def test_the_address_and_the_message_ask_for_the_same(
    query: str, message: str, order: Order
) -> None:
    assert order_of_query(query.encode()) == order_of_message(message) == order


@pytest.mark.parametrize("query", ["since=", "since=-1", "topics=weather", "x=1", "since", "%ff=1"])
def test_what_is_not_understood_is_refused(query: str) -> None:
    with pytest.raises(Refused, match="both may be left out"):
        order_of_query(query.encode())
