"""Whose turn it is where more want to send than may at a time."""

import asyncio
from collections.abc import Sequence

from paraset_operator.acting.turns import Rank, Turns


async def order(ranks: Sequence[int], *, cancelled: Sequence[int] = ()) -> list[int]:
    """Return the places of those that asked while somebody else had the only turn, as they got it."""
    turns, had, is_over = Turns(1), list[int](), asyncio.Event()

    async def first() -> None:
        async with turns.turn((0, 0)):
            await is_over.wait()

    async def want(place: int, rank: int) -> None:
        async with turns.turn((0, rank)):
            had.append(place)

    async with asyncio.TaskGroup() as group:
        group.create_task(first())
        await asyncio.sleep(0)
        tasks = [group.create_task(want(place, rank)) for place, rank in enumerate(ranks)]
        await asyncio.sleep(0)
        for place in cancelled:
            tasks[place].cancel()
        is_over.set()
    async with turns.turn((0, 0)):
        return had


def test_of_equals_who_came_last_is_next() -> None:
    assert asyncio.run(order([5, 5, 5])) == [2, 1, 0]


def test_a_higher_rank_comes_first() -> None:
    assert asyncio.run(order([1, 9, 5])) == [1, 2, 0]


def test_what_is_more_urgent_comes_before_a_higher_priority() -> None:
    async def order() -> list[str]:
        turns, had = Turns(1), list[str]()

        async def want(name: str, rank: Rank) -> None:
            async with turns.turn(rank):
                had.append(name)

        async with asyncio.TaskGroup() as group, turns.turn((0, 0)):
            group.create_task(want("afterwards", (1, 9)))
            group.create_task(want("room", (2, 1)))
            await asyncio.sleep(0)
        return had

    assert asyncio.run(order()) == ["room", "afterwards"]


def test_each_is_told_how_many_of_its_rank_still_wait() -> None:
    async def told() -> list[int]:
        turns, still = Turns(1), list[int]()

        async def want(rank: Rank) -> None:
            async with turns.turn(rank) as others:
                still.append(others)

        async with asyncio.TaskGroup() as group, turns.turn((0, 0)):
            for rank in ((2, 0), (2, 0), (2, 0), (1, 0)):
                group.create_task(want(rank))
            await asyncio.sleep(0)
        return still

    assert asyncio.run(told()) == [2, 1, 0, 0]


def test_who_gives_up_waiting_takes_no_turn() -> None:
    assert asyncio.run(order([1, 1, 1], cancelled=[1])) == [2, 0]


def test_who_is_given_a_turn_and_cancelled_at_once_passes_it_on() -> None:
    async def passed_on() -> bool:
        turns = Turns(1)

        async def want() -> None:
            async with turns.turn((0, 0)):
                pass

        async with turns.turn((0, 0)):
            task = asyncio.create_task(want())
            await asyncio.sleep(0)
        # It has its turn now and has not begun.
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        async with asyncio.timeout(5), turns.turn((0, 0)):
            return True

    assert asyncio.run(passed_on())


def test_as_many_as_may_are_at_it_at_once() -> None:
    async def at_once() -> int:
        turns, most, now = Turns(3), 0, 0

        async def want() -> None:
            nonlocal most, now
            async with turns.turn((0, 0)):
                now += 1
                most = max(most, now)
                await asyncio.sleep(0)
                now -= 1

        await asyncio.gather(*(want() for _ in range(10)))
        return most

    assert asyncio.run(at_once()) == 3
