"""A write whose answer was lost is looked up before it is tried again."""

from collections.abc import Callable
from typing import TypeVar

from llumnix_dash.errors import ServerError, UserError
from llumnix_dash.grafana.failures import AnswerLostError, RefusedAsChangedError, RevisionChangedError
from llumnix_dash.http import retry

Done = TypeVar("Done")
REFUSALS = 3  # so often may a server say "changed" of what has not changed


def surely(write: Callable[[], Done], look: Callable[[], Done | None], wait: Callable[[float], bool]) -> Done:
    """What ``write`` gives; where its answer was lost, what ``look`` finds of it, else ``write`` once more.

    Args:
        write: sends the write; it must be such that a second one cannot do harm after the first (a compare-and-swap).
        look: gives what the write made if it was done, None if all is as before; raises if somebody else came between.
        wait: waits some seconds; True means that the user wants to stop.

    Raises:
        AnswerLostError: even so it is not known, or it was not done in several attempts.
        ServerError: the server goes on to refuse it as changed although nothing has changed.
    """
    refusals = 0
    lost: AnswerLostError | None = None
    for attempt in range(1, retry.ATTEMPTS + 1):
        try:
            return write()
        except AnswerLostError as error:
            lost = error
        except RevisionChangedError as error:
            refused = isinstance(error, RefusedAsChangedError)
            done = look() if lost is not None or refused else None
            # The earlier attempt, whose answer was lost, may have come through after it was looked for.
            if done is not None and lost is not None:
                return done
            if done is not None or not refused:
                raise
            refusals += 1
            if refusals == REFUSALS:
                raise ServerError(
                    f"Grafana refuses the write as a conflict {REFUSALS} times, though nothing has changed there",
                    where=error.where,
                    hint="this is a fault of the server: look at its log; then run the command again",
                ) from None
            if wait(retry.pause(attempt, {}, None)):
                raise
            continue
        done = _found(look, lost)
        if done is not None:
            return done
        if attempt == retry.ATTEMPTS or wait(retry.pause(attempt, {}, None)):
            break
    assert lost is not None
    raise AnswerLostError(f"{lost.summary}; it was not saved", where=lost.where, detail=lost.detail, hint=lost.hint)


def _found(look: Callable[[], Done | None], lost: AnswerLostError) -> Done | None:
    try:
        return look()
    except AnswerLostError:
        raise
    except UserError as error:
        if error.exit_code != AnswerLostError.exit_code:
            raise
        raise AnswerLostError(
            f"{lost.summary}; whether it was saved is not known",
            where=lost.where,
            detail=f"and to look it up failed: {error.summary}",
            hint="llumnix-dash status tells, once Grafana answers again",
        ) from None
