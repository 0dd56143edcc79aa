"""What came of a write, as a value."""

from dataclasses import dataclass
from enum import StrEnum

from paraset_operator.model.plan import Action, CreatePod, NominatePod


class Result(StrEnum):
    """How a write ended."""

    DONE = "done"
    GONE = "gone"
    SUPERSEDED = "superseded"
    REFUSED = "refused"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Outcome:
    """An action and what came of it. `status` is the HTTP status, 0 if no answer came; `message` the server's words.

    DONE: carried out. GONE: the object was not there any more. SUPERSEDED: somebody else was quicker, and the picture
    the decision was made from is out of date. REFUSED: repeating it won't help. FAILED: it may help.
    WITHDRAWN: it was not sent, since less is needed now.
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
        """Whether room that was to be made for somebody is not: nobody needs it any more, or its LS pod was changed by
        another just then.
        """
        if self.result is not Result.SUPERSEDED or isinstance(self.action, CreatePod):
            return False
        if isinstance(self.action, NominatePod):
            # Who was nominated before keeps that room.
            return not self.action.pod.nominated
        return self.action.beneficiary is not None
