"""Garbage is collected when it is calm, and what is left is passed over from then on."""

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from paraset_operator.runtime.garbage import collect_when_calm


class Cycle:
    """Refers to itself, so that only a collection ends it."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def by_hand() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


def test_garbage_is_collected_once_it_is_calm() -> None:
    made: list[weakref.ref[Cycle]] = []
    seen = []

    async def calm() -> None:
        if made:
            seen.append(made[0]() is not None)
            raise asyncio.CancelledError
        made.append(weakref.ref(Cycle()))
        await asyncio.sleep(0)
        seen.append(made[0]() is not None)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(collect_when_calm(calm, 0.0))
    assert seen == [True, False]


def test_what_is_left_is_frozen() -> None:
    kept: list[list[int]] = []

    async def calm() -> None:
        if kept:
            raise asyncio.CancelledError
        kept.append([1])

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(collect_when_calm(calm, 0.0))
    assert not any(each is kept[0] for each in gc.get_objects())
