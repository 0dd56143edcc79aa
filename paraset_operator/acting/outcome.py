"""What came of a write, as a value."""

from dataclasses import dataclass
from enum import StrEnum

from paraset_operator.model.plan import Action, DeletePod, NominatePod


class Result(StrEnum):
    """How a write ended."""

    DONE = "done"
    GONE = "gone"
    SUPERSEDED = "superseded"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """An action and what came of it. `status` is the HTTP status, 0 if no answer came; `message` the server's words.

    DONE: carried out. GONE: the object was not there any more. SUPERSEDED: somebody else was quicker, and the picture
    the decision was made from is out of date. REFUSED: repeating it won't help. FAILED: it may help.
    """

    action: Action | NominatePod
    result: Result
    status: int = 0
    message: str = ""

    @property
    def is_done(self) -> bool:
        """Whether the action was carried out."""
        return self.result is Result.DONE

    @property
    def gives_up_room(self) -> bool:
        """Whether a filler stays that was to leave for somebody: its LS pod has no need of it any more."""
        action = self.action
        return self.result is Result.SUPERSEDED and isinstance(action, DeletePod) and action.beneficiary is not None
