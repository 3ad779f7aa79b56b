"""The prefix cache in three steps: what some instance had of a prompt, what the chosen one had, what engines found.

The first two are told by the scheduler and weigh requests, the third by the engines and weighs tokens.
"""

from llumnix_dash.catalog import vllm
from llumnix_dash.catalog.labels import ROLE
from llumnix_dash.catalog.metric import Unit
from llumnix_dash.catalog.scheduler import MAX_PREFIX_CACHE_HIT_PERCENT, PREFIX_CACHE_HIT_PERCENT
from llumnix_dash.promql.counters import rate, ratio
from llumnix_dash.promql.histograms import mean
from llumnix_dash.promql.query import RATE_INTERVAL, Query, Scope, selector

# Engines that compute prompts: a decode engine looks up in its cache what another has computed.
COMPUTING = ("prefill", "neutral")


def possible(*, window: str = RATE_INTERVAL) -> Query:
    """The best hit of any instance, in percent: the mean over prompts of 1,024 tokens or more."""
    return mean(MAX_PREFIX_CACHE_HIT_PERCENT, window=window)


def chosen(*, window: str = RATE_INTERVAL) -> Query:
    """The chosen instance's hit, in percent, over the same prompts as :func:`possible`.

    Shorter prompts are in this histogram, too, as 0: they add nothing to its sum, and are kept out of the count by
    taking the other histogram's.
    """

    def text(scope: Scope) -> str:
        hits = f"sum(rate({selector(PREFIX_CACHE_HIT_PERCENT, scope, suffix='_sum')}[{window}]))"
        prompts = f"sum(rate({selector(MAX_PREFIX_CACHE_HIT_PERCENT, scope, suffix='_count')}[{window}]))"
        return f"{hits} / ({prompts} > 0)"

    return Query(text, Unit.PERCENT, (PREFIX_CACHE_HIT_PERCENT, MAX_PREFIX_CACHE_HIT_PERCENT))


def got(*, window: str = RATE_INTERVAL) -> Query:
    """Of the prompt tokens of prefill and neutral engines, those that their own prefix cache had, in percent.

    By where prompts came from, which each request tells with its first output; vLLM before 0.18 has only the counts of
    its prefix cache, which are lost in steps without outputs: long prompts with few hits, so that it reads too high.
    """
    there = ratio(
        _prompts("local_cache_hit", window=window), _prompts("local_cache_hit", "local_compute", window=window)
    )
    hits, queries = (
        rate(one, where={ROLE: COMPUTING}, window=window) for one in (vllm.PREFIX_CACHE_HITS, vllm.PREFIX_CACHE_QUERIES)
    )
    return Query(
        lambda scope: f"100 * ({there.text(scope)} or clamp_max({hits.text(scope)} / ({queries.text(scope)} > 0), 1))",
        Unit.PERCENT,
        hits.metrics + queries.metrics + there.metrics[:1],
    )


def _prompts(*sources: str, window: str) -> Query:
    where = {ROLE: COMPUTING, "source": sources}
    return rate(vllm.PROMPT_TOKENS_BY_SOURCE, where=where, window=window)
