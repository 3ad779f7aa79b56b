"""A scheduler's own account of what it has sent to the instances and they have not told yet.

Source: ``pkg/cms/instance_status_local_account.go`` of Llumnix. Each replica has its own; they drift.
"""

from dataclasses import dataclass, field

from llumnix_dash.fleet.cms import Instance, Status
from llumnix_dash.fleet.engine import Request
from llumnix_dash.fleet.leg import Leg

# Time from a request's coming until the engine's next step tells of it.
STEP_SECONDS = 0.02
# An account that the engine never told of goes after this time, as the engine tells the next status.
STALE_SECONDS = 10.0


@dataclass(slots=True, eq=False)
class Dispatch:
    """A request on its way to an instance, or waiting there.

    Attributes:
        request: which.
        at: when it was booked.
        uncomputed_tokens: of its prompt, as the scheduler expects it there.
        leg: what the instance makes of it; None until it has come.
    """

    request: Request
    at: float
    uncomputed_tokens: int
    leg: Leg | None = None


@dataclass(slots=True)
class _Account:
    """An instance's open dispatches, and what its counts are wrong by for good."""

    open: list[Dispatch] = field(default_factory=list)
    drift: int = 0
    drift_uncomputed: int = 0
    drift_tokens: int = 0
    orphans: int = 0


class Accounts:
    """One replica's accounts of all instances, by their ids.

    Args:
        period: seconds from one reading of the store to the next.
        cache_aware: whether the waiting prompts' tokens are counted here and not by the engine.
    """

    def __init__(self, period: float, cache_aware: bool) -> None:
        self._period = period
        self._cache_aware = cache_aware
        self._accounts: dict[str, _Account] = {}

    def book(self, instance: Instance, request: Request, at: float) -> None:
        """A request has been sent there."""
        uncomputed = request.prompt_tokens - (request.expected_tokens if self._cache_aware else 0)
        self._of(instance).open.append(Dispatch(request, at, uncomputed))

    def orphan(self, instance: Instance) -> None:
        """A prefill instance was found and no decode instance: the dispatch is taken back, but for one count."""
        self._of(instance).orphans += 1

    def forget(self, instance: Instance) -> None:
        """The instance has left the store."""
        self._accounts.pop(instance.id, None)

    def add(self, seen: Status, instance: Instance, *, at: float, told: float, pulled: float) -> None:
        """Adds to an instance's status what is on its way there.

        Args:
            seen: the status that the instance told.
            instance: whose.
            at: until when dispatches count.
            told: when the status was told.
            pulled: when it was read from the store.
        """
        account = self._accounts.get(instance.id)
        waiting_tokens = 0
        if account:
            account.open = [one for one in account.open if self._is_open(one, account, instance, told, pulled)]
            for one in account.open:
                if not _is_told(one, told):
                    if one.at <= at:
                        _count(seen, instance, 1, one.uncomputed_tokens, one.request.prompt_tokens)
                elif instance.role != "decode":
                    waiting_tokens += one.uncomputed_tokens
            _count(seen, instance, -account.drift, -account.drift_uncomputed, -account.drift_tokens)
            seen.inflight += account.orphans
        if self._cache_aware and seen.waiting_prefill_tokens:
            seen.waiting_prefill_tokens = waiting_tokens

    def _of(self, instance: Instance) -> _Account:
        return self._accounts.setdefault(instance.id, _Account())

    def _is_open(self, one: Dispatch, account: _Account, instance: Instance, told: float, pulled: float) -> bool:
        """Whether the dispatch is still kept: until it is computed, and no longer than it is of use."""
        if one.leg is None:
            one.leg = next((leg for leg in one.request.legs if _is_there(leg, instance, one.at)), None)
        leg = one.leg
        if leg is None:
            over = one.request.finished is not None and one.request.finished <= pulled
            return not over and (told < pulled or pulled - one.at <= STALE_SECONDS)
        if leg.started is not None:
            return leg.started > told
        if leg.finished is None or leg.finished > pulled:
            return True
        # It has left while it waited. If a reading of the store had found it, it is taken off a second time.
        if (leg.finished - pulled) // self._period > (leg.arrived + STEP_SECONDS - pulled) // self._period:
            account.drift += 1
            account.drift_uncomputed += one.uncomputed_tokens
            account.drift_tokens += one.request.prompt_tokens
        return False


def _is_there(leg: Leg, instance: Instance, since: float) -> bool:
    return leg.engine is instance.engine and leg.rank == instance.rank and leg.arrived >= since


def _is_told(one: Dispatch, told: float) -> bool:
    return one.leg is not None and one.leg.arrived + STEP_SECONDS <= told


def _count(seen: Status, instance: Instance, requests: int, uncomputed_tokens: int, tokens: int) -> None:
    seen.inflight += requests
    if instance.role != "decode":
        seen.inflight_prefills += requests
        seen.inflight_prefill_tokens += uncomputed_tokens
    if instance.role != "prefill":
        seen.inflight_decodes += requests
        seen.inflight_decode_tokens += tokens
