"""What `copies: auto` has learned, in a sentence for people, and in the lines that keep it across restarts."""

from collections.abc import Iterable
from datetime import UTC, datetime

from paraset_operator.model.policy import AutoCopies
from paraset_operator.planning.arrivals import HOUR, Arrivals, Slot, copies_for


def sentence(copies: int, arrivals: Arrivals, rules: AutoCopies, release_seconds: float, *, is_measured: bool) -> str:
    """Return why so many copies are kept, such as "2 copies: 99 % of the 412 LS pods ... came with at most 1 other"."""
    count, served, wanted = arrivals.count, arrivals.served_by(copies), copies_for(arrivals, rules)
    head = f"{copies} {'copy' if copies == 1 else 'copies'}"
    if copies > wanted:
        head += f", {wanted} from the next hour on"
    elif copies == rules.cap and served * 100 < rules.percentile * count:
        head += ", the cap"
    elif copies == rules.floor:
        head += ", the floor"
    window = f"the last {rules.window_hours} h" if rules.window_hours > 1 else "the last hour"
    if not count:
        return f"{head}: no LS pod of this shape came in {window}"
    pods = f"{count} LS pods" if count > 1 else "1 LS pod"
    if not copies:
        return f"{head}: {pods} of this shape came in {window}"
    others = {1: "no other", 2: "at most 1 other"}.get(copies, f"at most {copies - 1} others")
    seconds = f"{release_seconds:.1f}".removesuffix(".0")
    by = "" if is_measured else ", the longest grace, as no victim was seen to leave yet"
    return (
        f"{head}: {_hundredths(served, count)} % of the {pods} of {window} came with {others} within the time it takes "
        f"to free room (now {seconds} s{by})"
    )


def _hundredths(part: int, whole: int) -> str:
    """Return a share in hundredths, never more than it is."""
    return f"{part * 1000 // whole / 10:.1f}".removesuffix(".0")


def notes_on(policy: str, learned: Iterable[tuple[str, str]]) -> list[str]:
    """Return a sentence for each shape of a policy whose copies are learned; they come with what is told of each."""
    return [f"FillPolicy {policy} keeps room for {shape}: {message}." for shape, message in learned if message]


def lines_of(arrivals: Arrivals) -> list[str]:
    """Return a line for each piece of time: when it began, and how many arrivals there were of rank 1, 2, ..."""
    return [" ".join([_stamp(slot.hour), *map(str, slot.ranks)]) for slot in arrivals.slots]


def arrivals_in(lines: Iterable[str]) -> Arrivals:
    """Return the arrivals that lines tell of; what is no such line is left out, since nothing depends on it."""
    by_hour = {slot.hour: slot for line in lines if (slot := _slot_in(line))}
    return Arrivals(tuple(by_hour[hour] for hour in sorted(by_hour)))


def _stamp(hour: int) -> str:
    return datetime.fromtimestamp(hour * HOUR, UTC).strftime("%Y-%m-%dT%H:00Z")


def _slot_in(line: str) -> Slot | None:
    stamp, *numbers = line.split()[:1_000] or [""]
    try:
        hour = int(datetime.fromisoformat(stamp).timestamp()) // HOUR
        ranks = tuple(int(each) for each in numbers)
    except (ValueError, OverflowError):
        return None
    return Slot(hour, ranks) if ranks and min(ranks) >= 0 else None
