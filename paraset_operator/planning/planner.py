"""The plan, as a numbered algorithm. What it knows comes in as arguments; the same picture gives the same plan.

A `Planner` remembers only what the last picture looked like, so that the next plan costs what has changed; `plan` is
the same without a memory.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from paraset_operator.model.plan import Plan, Release
from paraset_operator.model.policy import DEFAULT_POLICY
from paraset_operator.model.snapshot import Moment, NodeState, Snapshot
from paraset_operator.planning.bounds import Bounds
from paraset_operator.planning.differences import actions_for
from paraset_operator.planning.draft import Draft
from paraset_operator.planning.filling import fill
from paraset_operator.planning.offers import Offers
from paraset_operator.planning.openings import Openings
from paraset_operator.planning.pacing import Pacing
from paraset_operator.planning.planned_rows import PlannedRows
from paraset_operator.planning.quiet_nodes import grow, quiet_rows
from paraset_operator.planning.reports import NodeReports, set_reports
from paraset_operator.planning.survey import Survey
from paraset_operator.planning.victim_rows import VictimRows
from paraset_operator.planning.worth import KnownScales

_START = Moment()


def plan(snapshot: Snapshot, pacing: Pacing | None = None, moment: Moment = _START) -> Plan:
    """Return what to do now, in order, and what that leaves free and why."""
    return Planner().plan(snapshot, pacing, moment)


def plan_yield(snapshot: Snapshot, moment: Moment = _START) -> tuple[Release, ...]:
    """Return only step 1 of the plan: the urgent path when LS work shows up."""
    return Planner().plan_yield(snapshot, moment)


class Planner:
    """Makes one plan after the other. Not to be shared by threads."""

    def __init__(self) -> None:
        self._survey = Survey()
        self._planned = PlannedRows(self._survey)
        self._victims = VictimRows(self._survey)
        self._offers = Offers(self._survey.ground, {})
        self._scales = KnownScales()
        self._openings = Openings()
        self._bounds = Bounds()
        self._reports = NodeReports()

    def plan_yield(self, snapshot: Snapshot, moment: Moment = _START) -> tuple[Release, ...]:
        """Return step 1 of the plan alone."""
        return tuple(self.releases(snapshot, moment))

    def releases(
        self, snapshot: Snapshot, moment: Moment = _START, *, keeps_headroom: bool = True
    ) -> Iterator[Release]:
        """Yield step 1 of the plan alone, so that each release can be sent while the next is looked for.

        Headroom may be left to the next plan, so that it does not hold up what is sent for LS pods that wait.
        """
        return self._draft(snapshot).make_way(moment, keeps_headroom=keeps_headroom)

    def prepare(self, snapshot: Snapshot, most: int) -> bool:
        """Look at up to `most` nodes that have changed; say whether that was all.

        The next plan then need not, so that the first LS pod after a while of filling is answered as soon as any other.
        """
        known = {state.node.name: state for state in self._survey.states}
        changed = [state for state in snapshot.nodes if known.get(state.node.name) is not state]
        known |= {state.node.name: state for state in changed[:most]}
        # What was never seen gets its place at once, and its pods later.
        looked_at = tuple(known.get(state.node.name) or NodeState(state.node) for state in snapshot.nodes)
        self._victims.catch_up(self._draft(replace(snapshot, nodes=looked_at)).owners)
        return len(changed) <= most

    def plan(self, snapshot: Snapshot, pacing: Pacing | None = None, moment: Moment = _START) -> Plan:
        """Return what to do now, in order, and what that leaves free and why."""
        pacing, draft, planned = pacing or Pacing(), self._draft(snapshot), self._planned
        # 1. Yield: room for LS pods that fit nowhere, then for headroom.
        releases = tuple(draft.make_way(moment))
        draft.cool(releases, pacing, moment)
        draft.calm(pacing, moment)
        # 2. Leave: fillers that can't stay, whatever the room.
        leaving = draft.let_leave(pacing, moment)
        # 3. Keep what runs, fill the holes that are left.
        shares = draft.keep()
        shares.paused = pacing.paused_growth(moment.monotonic) | frozenset(
            uid for uid in draft.owners if pacing.back_off_of(uid, moment.monotonic)
        )
        contenders = draft.contenders(pacing, moment)
        scales = self._scales.of(snapshot.sets, shares.fillable)
        self._offers = offers = self._offers.still(draft.ground, scales)
        is_open = draft.touched() | self._openings.of(draft.ground, offers, self._survey.rows, sorted(planned.changed))
        new = fill(draft.ground, draft.rows, contenders, shares, offers, is_open, draft.rank)
        # 4. Size: shrink for what came, grow into what is left.
        quiet_at = quiet_rows(draft.ground, draft.rows, new, shares)
        quiet_at = quiet_at[draft.is_alone(quiet_at)]
        others = np.setdiff1d(new.at, quiet_at)
        draft.put(others, new.on(others), scales, shares)
        planned.mark(quiet_at.tolist())
        quiet = grow(draft.ground, draft.rows, quiet_at, new.on(quiet_at), scales, shares)
        sized = draft.size(new, scales, shares)
        # 5. What differs from what runs becomes actions, room given before room taken.
        actions = actions_for(sized, leaving, contenders, quiet, self._survey, draft.rows)
        other = self._bounds.look(self._survey, draft.rows, draft.halted, contenders, planned.stale)
        nodes = self._reports.of(self._survey, draft.rows, self._bounds.words, other)
        planned.settle()
        return Plan(
            releases=releases,
            actions=actions,
            notices=tuple(draft.notices),
            nodes=nodes,
            filled=self._reports.filled,
            idle=self._reports.idle,
            sets=set_reports(draft.ground, planned.sums(), contenders),
            usable=shares.fillable,
            next_check=_first(pacing.next_expiry(moment.monotonic), draft.next_move),
            storms=tuple(draft.storms.values()),
        )

    def _draft(self, snapshot: Snapshot) -> Draft:
        self._survey.look(snapshot.nodes, snapshot.sets, snapshot.policies or (DEFAULT_POLICY,))
        self._planned.catch_up()
        return Draft(self._survey, self._planned, self._victims, snapshot)


def _first(*times: float | None) -> float | None:
    return min((each for each in times if each is not None), default=None)
