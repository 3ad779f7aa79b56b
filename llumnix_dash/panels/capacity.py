"""What to do: which role is short of instances, who assigns requests, whether moves help, what a token costs.

Panels by fleet, as an instance is added to one of them.
"""

from collections.abc import Mapping
from typing import Unpack

import attr

from llumnix_dash.catalog import cms, gateway, process, scheduler, vllm
from llumnix_dash.catalog.labels import CLUSTER, NAMESPACE
from llumnix_dash.catalog.metric import Metric
from llumnix_dash.panels import style
from llumnix_dash.panels.describe import describe
from llumnix_dash.panels.lines import (
    PER_ROLE,
    ROLE_OVERRIDES,
    LineLook,
    Look,
    legend,
    lines_by_role,
    only,
    override,
    time_series,
)
from llumnix_dash.panels.stats import stat
from llumnix_dash.promql import PART, Objective, Query, named, total, unevenness
from llumnix_dash.promql.capacity import (
    GAP_QUANTILE,
    LEAST_SEEN,
    MOST_USAGE,
    UNKNOWN,
    UNSEEN,
    WAIT_SHARE,
    loading_time,
    longest_gap,
    longest_wait,
    shortage,
    token_gap,
    usage_without_loading,
    wait_for_decode,
    wait_for_prefill,
)
from llumnix_dash.promql.charge import (
    DOWN,
    IDLE,
    IN_CHARGE,
    NONE,
    NOT_ASKED,
    STORE_AWAY,
    in_charge,
    running_as_engines_tell,
)
from llumnix_dash.promql.cost import UNPRICED, dollars_per_hour, idle_instances, tokens_per_dollar
from llumnix_dash.shapes.panels import Json, Stat, Target, TimeSeries
from llumnix_dash.shapes.states import State, StateTimeline

_OF_FLEET = legend("", CLUSTER, NAMESPACE)
_PART_OF_FLEET = legend("", CLUSTER, NAMESPACE, PART)
# What is worked out over minutes need not be asked more often, and costs much at each point.
_RARELY: LineLook = {"finest": "1m"}

_NO_STORE = "No data: not full mode (in lite mode see LRS), or no scheduler"
_SILENT_PREFILL = (
    "With batch KVT prefill engines tell nothing: the tokens that decode engines got stand in for what they compute,"
    " and the wait reads too short by the share that their prefix caches have."
)
_SHORT_PROMPTS = (
    "Of prompts below 1,024 tokens the scheduler expects no cache hit: their wait reads too long by the share that is"
    " cached."
)
_GONE = "What waited in an instance that is gone counts until the scheduler restarts."
_LITTLES_LAW = "By Little's law: what waits, in the mean of 5 minutes, by what is done a second."

SHORTAGES = {
    0: State("enough", style.GOOD),
    1: State("add prefill", style.ROLES["prefill"]),
    2: State("add decode", style.ROLES["decode"]),
    3: State("add both", style.CAUTION),
    4: State("add instances", style.CAUTION),
    UNKNOWN: State("unknown: CMS away", "text"),
}
ASSIGNERS = {
    IN_CHARGE: State("scheduler", style.GOOD),
    DOWN: State("by turns: scheduler gone", style.FAILURE),
    STORE_AWAY: State("by turns: CMS away", style.FAILURE),
    NOT_ASKED: State("by turns: scheduler not asked", style.FAILURE),
    NONE: State("by turns: no scheduler", style.CAUTION),
    IDLE: State("no requests", "text"),
}


def _limit(name: str) -> Json:
    """The look of a line that is no measurement but a bound."""
    return override(
        f"/{name}$/",
        **{"color": {"fixedColor": "text", "mode": "shades"}, "custom.lineStyle": {"dash": [8, 6], "fill": "dash"}},
    )


def _worded(panel: Stat, value: int, text: str) -> Stat:
    """The number's panel, with a text in place of the value that stands for none."""
    worded = {"options": {str(value): {"color": "text", "index": 0, "text": text}}, "type": "value"}
    mappings = [worded, *panel.defaults()["mappings"]]
    return attr.evolve(panel, overrides=[override("/.*/", mappings=mappings), *panel.overrides])


def what_to_add(key: str, title: str, ttft: Objective, tpot: Objective, **look: Unpack[Look]) -> StateTimeline:
    """The verdict: which role's instances are too few, of each fleet."""
    plain = StateTimeline(
        key=key,
        title=title,
        targets=[Target(query=shortage(ttft, tpot), legendFormat=_PART_OF_FLEET)],
        description=describe(
            {
                "wait for prefill": cms.UNCOMPUTED_TOKENS_ALL_WAITING_PREFILLS,
                "wait for decode": cms.WAITING_REQUESTS,
                "KV cache": cms.KV_CACHE_USAGE,
                "token gap": vllm.ITL,
            },
            f"Prefill is short where its wait takes more than {WAIT_SHARE:.0%} of the TTFT objective chosen above."
            f" Decode is short where its wait does, or the mean KV cache usage is above {MOST_USAGE:.0%}, or more than"
            f" {1 - GAP_QUANTILE:.0%} of the gaps between tokens are beyond the TPOT objective. Neutral instances do"
            " both: any of these asks for more of them. The panels beside it show each.",
            "Uneven load and a sick instance are no reason to add one: see who is fullest and who is slowest first.",
            "There is none while the scheduler cannot read the store.",
            _SILENT_PREFILL,
            _SHORT_PROMPTS,
            _GONE,
        ),
        unit="short",
        states=SHORTAGES,
        no_value=_NO_STORE,
        finest=_RARELY["finest"],
    )
    return attr.evolve(plain, **look)


def waits(key: str, title: str, ttft: Objective, **look: Unpack[LineLook]) -> TimeSeries:
    """How long requests wait for prefill, and then for decode; dashed is how long they may."""
    lines = {
        "for prefill": wait_for_prefill("prefill"),
        "for decode": wait_for_decode(),
        "for neutral": wait_for_prefill("neutral"),
        "too long": longest_wait(ttft),
    }
    return time_series(
        key,
        title,
        [Target(query=named(lines), legendFormat=_PART_OF_FLEET)],
        describe(
            {
                "for prefill, for neutral": cms.UNCOMPUTED_TOKENS_ALL_WAITING_PREFILLS,
                "for decode": cms.WAITING_REQUESTS,
            },
            f"{_LITTLES_LAW} Dashed: {WAIT_SHARE:.0%} of the TTFT objective.",
            "Blank where nothing is computed. A transfer through vLLM's own connector is part of the wait for decode.",
            _SILENT_PREFILL,
            _SHORT_PROMPTS,
            _GONE,
        ),
        parts=tuple(lines),
        overrides=[*ROLE_OVERRIDES, _limit("too long")],
        no_value=_NO_STORE,
        **_RARELY | look,
    )


def decode_usage(key: str, title: str, **look: Unpack[LineLook]) -> TimeSeries:
    """How full the instances that decode are, without what is on its way to them."""
    lines = {role: usage_without_loading(role) for role in ("decode", "neutral")}
    return time_series(
        key,
        title,
        [Target(query=named(lines), legendFormat=_PART_OF_FLEET)],
        describe(
            {"projected": cms.KV_CACHE_USAGE, "held": vllm.KV_CACHE_USAGE},
            "The mean of the role's instances over 5 minutes, projected, and no less than what the engines hold;"
            " without the share that is still on its way to them, as with batch KVT a request is booked on its decode"
            " instance while it waits for prefill.",
            "Where the books have drifted far below 0, what waits is not in it: see the wait.",
        ),
        parts=tuple(lines),
        overrides=ROLE_OVERRIDES,
        thresholds=((None, style.GOOD), (MOST_USAGE, style.CAUTION)),
        axis_to=1,
        no_value=_NO_STORE,
        **_RARELY | look,
    )


def token_gaps(key: str, title: str, tpot: Objective, **look: Unpack[LineLook]) -> TimeSeries:
    """The gap between tokens that three in four keep to, by role; dashed is the objective."""
    lines = {**{role: token_gap(role) for role in ("decode", "neutral")}, "objective": longest_gap(tpot)}
    return time_series(
        key,
        title,
        [Target(query=named(lines), legendFormat=_PART_OF_FLEET)],
        describe(
            {title: vllm.ITL},
            f"{GAP_QUANTILE:.0%} of the gaps of 5 minutes are no longer. Dashed: the TPOT objective chosen above.",
            "A quantile is estimated within its bucket.",
            "Each gap counts, and a sick instance makes few: it does not show here.",
        ),
        parts=tuple(lines),
        overrides=[*ROLE_OVERRIDES, _limit("objective")],
        no_value="No data: no requests in this time",
        **_RARELY | look,
    )


def transfer_time(key: str, title: str, **look: Unpack[Look]) -> Stat:
    """How long a KV cache is on its way from prefill to decode."""
    plain = stat(
        key,
        title,
        loading_time(),
        "By Little's law: requests that are loading on decode instances, in the mean of the time range, by those that"
        " begin to decode a second. Transfer alone where prefill engines tell of their prompts; with batch KVT the"
        " decode instance has a request from the beginning, and its prefill is in it.",
        f"No time is told where scrapes have met fewer than {LEAST_SEEN} requests on their way: choose a longer time"
        f" range. Without HybridConnector none is ever seen. Of {LEAST_SEEN} it is right to within a third.",
        about=cms.LOADING_REQUESTS,
        legend=_PART_OF_FLEET,
        no_value="No data: not full mode, or no decode",
        named=True,
        **look,
    )
    return _worded(plain, UNSEEN, "too few seen")


def tokens_on_their_way(key: str, title: str, **look: Unpack[LineLook]) -> TimeSeries:
    """KV cache on its way to the decode instances."""
    return time_series(
        key,
        title,
        [
            Target(
                query=total(cms.TOKENS_LOADING_REQUESTS, by=PER_ROLE, where=only("decode"), peak=True),
                legendFormat=legend("", *PER_ROLE),
            )
        ],
        describe(
            {title: cms.TOKENS_LOADING_REQUESTS},
            "The sum over decode instances. It rises and stays: transfers are slow, or with batch KVT prefill is"
            " short.",
        ),
        overrides=ROLE_OVERRIDES,
        no_value=_NO_STORE,
        **_RARELY | look,
    )


def assigned_by(key: str, title: str, **look: Unpack[Look]) -> StateTimeline:
    """Who assigns requests to engines, of each fleet."""
    plain = StateTimeline(
        key=key,
        title=title,
        targets=[Target(query=in_charge(), legendFormat=f"{_OF_FLEET} by")],
        description=describe(
            {
                "requests": gateway.REQUESTS,
                "schedulings": scheduler.SCHEDULINGS,
                "failed": scheduler.FAILED_SCHEDULINGS,
                "scheduler": process.UPTIME,
            },
            "Green: a scheduling in the last 5 minutes. Red: requests end and none was scheduled, so that the gateways"
            " take engines in turn, blind to load and caches, and answer 200 as if nothing were. Orange: no scheduler"
            " in the whole time range: round-robin by choice, or gone for longer.",
            "One gateway of several that does not reach the scheduler does not show: see the two rates beside it.",
        ),
        unit="short",
        states=ASSIGNERS,
        no_value="No data: no gateway answers",
    )
    return attr.evolve(plain, **look)


def store_against_engines(key: str, title: str, **look: Unpack[LineLook]) -> TimeSeries:
    """Running requests as the cluster meta store has them, and as the engines tell them."""
    return time_series(
        key,
        title,
        lines_by_role({"CMS": total(cms.RUNNING_REQUESTS, by=PER_ROLE), "engines": running_as_engines_tell()}),
        describe(
            {"CMS": cms.RUNNING_REQUESTS, "engines": vllm.RUNNING_REQUESTS},
            "Full is what the scheduler believes, dashed what the engines say. They lie some seconds apart; where one"
            " stands still and the other does not, the scheduler decides on old numbers.",
            "Engines of a role of which none counted a prompt in the time range are left out.",
        ),
        overrides=ROLE_OVERRIDES,
        **look,
    )


def spread_of_load(key: str, title: str, **look: Unpack[LineLook]) -> TimeSeries:
    """How uneven the load is within each role, over time."""
    return time_series(
        key,
        title,
        [Target(query=unevenness(vllm.KV_CACHE_USAGE, by=PER_ROLE), legendFormat=legend("", *PER_ROLE))],
        describe(
            {title: vllm.KV_CACHE_USAGE},
            "The fullest instance's KV cache by the mean of its role, each over 5 minutes, or by 5 % where the mean is"
            " less: 1 is even, below 1 the role is idle. Where moves help it falls after they begin.",
            "What it would be without moves nobody can tell.",
        ),
        overrides=ROLE_OVERRIDES,
        axis_from=1,
        no_value="No data: idle",
        **look,
    )


def _priced(
    key: str,
    title: str,
    query: Query,
    reading: str,
    *notes: str,
    about: Metric | None = None,
    **look: Unpack[Look],
) -> Stat:
    """A number that rests on the prices typed above; while there is none it says what to do."""
    reading += " Type the price of an instance-hour of each role above; 0 is one that nobody has said."
    plain = stat(key, title, query, reading, *notes, about=about, no_value="no engines", **look)
    return _worded(plain, UNPRICED, "set a price above")


def cost_of_an_hour(key: str, title: str, prices: Mapping[str, str], **look: Unpack[Look]) -> Stat:
    """What the engines cost an hour."""
    return _priced(
        key,
        title,
        dollars_per_hour(prices),
        "Engines that answer, each at its role's price.",
        "An engine that does not answer costs as well, and is not in it.",
        **look,
    )


def tokens_for_a_dollar(key: str, title: str, prices: Mapping[str, str], **look: Unpack[Look]) -> Stat:
    """Output tokens that a dollar buys."""
    return _priced(
        key,
        title,
        tokens_per_dollar(prices),
        "Output tokens of the last 5 minutes by what the engines cost in that time.",
        about=gateway.OUTPUT_TOKENS_TOTAL,
        **look,
    )


def instances_that_idle(key: str, title: str, **look: Unpack[LineLook]) -> TimeSeries:
    """How many instances of each role had nothing to do."""
    return time_series(
        key,
        title,
        [Target(query=idle_instances(), legendFormat=legend("", *PER_ROLE))],
        describe(
            {title: vllm.GENERATION_TOKENS_TOTAL},
            "Instances that gave no token in 5 minutes, whether they stand still or have nothing to do.",
            "Prefill engines that tell nothing, with batch KVT, are left out.",
        ),
        overrides=ROLE_OVERRIDES,
        decimals=0,
        axis_to=1,
        **_RARELY | look,
    )
