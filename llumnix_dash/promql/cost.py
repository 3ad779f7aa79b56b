"""What the engines cost, by the prices of an instance-hour that people type, and what does nothing for it."""

from collections.abc import Mapping

from llumnix_dash.catalog import gateway, process, vllm
from llumnix_dash.catalog.labels import ROLE
from llumnix_dash.catalog.metric import Unit
from llumnix_dash.promql.counters import rate
from llumnix_dash.promql.instances import total
from llumnix_dash.promql.query import RANGE, RECENT, Query, Scope, grouped, selector

_HOUR_SECONDS = 3600
# In place of what no price tells.
UNPRICED = -1


def dollars_per_hour(prices: Mapping[str, str]) -> Query:
    """What the engines that answer cost an hour; :data:`UNPRICED` where no price is above 0.

    Args:
        prices: role -> the variable that holds the price of an instance-hour.
    """
    return Query(
        lambda scope: f"{_dollars(prices, scope)} > 0 or vector({UNPRICED})",
        Unit.DOLLARS,
        (process.ENGINE_ANSWERS,),
    )


def tokens_per_dollar(prices: Mapping[str, str]) -> Query:
    """Output tokens of the last minutes by what the engines cost in that time; see :func:`dollars_per_hour`."""
    tokens = rate(gateway.OUTPUT_TOKENS_TOTAL, window=RECENT)
    return Query(
        lambda scope: f"{tokens.text(scope)} * {_HOUR_SECONDS} / ({_dollars(prices, scope)} > 0) or vector({UNPRICED})",
        Unit.TOKENS_PER_DOLLAR,
        (gateway.OUTPUT_TOKENS_TOTAL, process.ENGINE_ANSWERS),
    )


def _dollars(prices: Mapping[str, str], scope: Scope) -> str:
    engines = {role: total(process.ENGINE_ANSWERS, where={ROLE: role}) for role in prices}
    # Of an emptied box stays e0, a metric that nobody has, where 4 is 4e0: no price, and no broken query.
    return " + ".join(f"({engines[role].text(scope)} or vector(0)) * ${{{name}}}e0" for role, name in prices.items())


def idle_instances() -> Query:
    """How many instances of each role gave no token in the last minutes.

    Prefill engines, which give one a request, only where they tell of themselves: with batch KVT they read 0 whatever
    they do.
    """
    by, identity = grouped((ROLE,)), grouped(vllm.GENERATION_TOKENS_TOTAL.identity)
    tells = rate(vllm.PROMPT_TOKENS_TOTAL, by=(ROLE,), where={ROLE: "prefill"}, window=RANGE)

    def idle(scope: Scope, roles: str | tuple[str, ...]) -> str:
        series = selector(vllm.GENERATION_TOKENS_TOTAL, scope, where={ROLE: roles})
        return f"sum{by}(sum{identity}(rate({series}[{RECENT}])) == bool 0)"

    return Query(
        lambda scope: (
            f"{idle(scope, ('decode', 'neutral'))}"
            f" or {idle(scope, 'prefill')} and on ({ROLE}) ({tells.text(scope)} > 0)"
        ),
        Unit.COUNT,
        (vllm.GENERATION_TOKENS_TOTAL,),
    )
