"""The accounts as text that fits an object of the API server, and back."""

import msgspec

from paraset_operator.reporting.ledger import Amounts, Book, Hour, SetAccount

# Sets of an hour that are written one by one; the others are written as one.
MOST_SETS = 40
OTHERS = "(others)/(others)"
# The API server takes a ConfigMap of 1 MiB.
MOST_BYTES = 900_000

_books = msgspec.json.Decoder(Book)
_encoder = msgspec.json.Encoder()


class UnreadableError(ValueError):
    """The text is no book; the message says why."""


def read_book(text: str) -> Book:
    """Return the book in a text; raise UnreadableError."""
    try:
        return _books.decode(text)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise UnreadableError(str(error)) from error


def write_book(book: Book) -> str:
    """Return a book as text of a bounded size: the smallest sets as one, and the oldest hours dropped if need be."""
    hours = {name: _bounded(hour) for name, hour in sorted(book.hours.items())}
    holding = dict(sorted(book.holding.items())[: 10 * MOST_SETS])
    while True:
        text = _encoder.encode(Book(book.as_of, holding, hours))
        if len(text) <= MOST_BYTES or not hours:
            return text.decode()
        del hours[next(iter(hours))]


def _bounded(hour: Hour) -> Hour:
    if len(hour.sets) <= MOST_SETS:
        return hour
    total = Hour()
    for account in hour.sets.values():
        total.set_account(OTHERS).add(account)
    by_size = sorted(hour.sets, key=lambda key: (-_share(hour.sets[key], total.sets[OTHERS].filled), key))
    sets = {key: hour.sets[key] for key in by_size[:MOST_SETS] if key != OTHERS}
    rest = sets.setdefault(OTHERS, SetAccount())
    for key in by_size:
        if key not in sets:
            rest.add(hour.sets[key])
    return Hour(sets, hour.waits, hour.room)


def _share(account: SetAccount, total: Amounts) -> float:
    return max((amount / total[name] for name, amount in account.filled.items() if total[name]), default=0.0)
