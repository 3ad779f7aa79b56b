"""Answers of the overview: what several metrics say together, as a number with a name and as lines beside it."""

from collections.abc import Mapping
from typing import Unpack

from llumnix_dash.catalog import gateway, vllm
from llumnix_dash.catalog.labels import ROLE
from llumnix_dash.catalog.scheduler import MAX_PREFIX_CACHE_HIT_PERCENT, PREFIX_CACHE_HIT_PERCENT
from llumnix_dash.panels import style
from llumnix_dash.panels.describe import describe, no_data, quantile_caveats
from llumnix_dash.panels.lines import (
    PER_ROLE,
    ROLE_OVERRIDES,
    LineLook,
    Look,
    colour_of,
    legend,
    lines_by_role,
    override,
    time_series,
)
from llumnix_dash.panels.stats import stat
from llumnix_dash.promql import (
    OF_INSTANCE,
    PART,
    RATE_INTERVAL,
    RECENT,
    Objective,
    Query,
    goodput,
    highest_of,
    leading,
    less,
    mean,
    named,
    observations,
    of_objective,
    parts_of_time,
    quantile,
    ratio,
    slowness,
    unevenness,
)
from llumnix_dash.promql.breakdown import REST, STAGES
from llumnix_dash.promql.prefix_cache import COMPUTING, chosen, got, possible
from llumnix_dash.shapes.panels import Stat, Target, TimeSeries

_NAME = legend("", PART)
_NO_REQUESTS = "No data: no requests in this time, or no gateway"
_NO_REQUESTS_NOW = "no requests, or no gateway"

_BOUNDS = (
    "Which requests met both, two histograms do not tell: at least those within the one less those beyond the other, at"
    " most those within the rarer. Failures that came late widen the band."
)
_FAILED_MEET_NOTHING = (
    "What failed met nothing, nor did what others answered (status 0), of which no first token is known; a stream that"
    " breaks after its first chunk is 200, and may have met both."
)


def goodput_share(key: str, title: str, ttft: Objective, tpot: Objective, **look: Unpack[Look]) -> Stat:
    """The share of the last minutes' requests that met both objectives: the least and the most that it may be."""
    ended = observations(gateway.TTFT, window=RECENT)
    least, most = (ratio(bound, ended) for bound in goodput(ttft, tpot, window=RECENT))
    return stat(
        key,
        title,
        named({"at least": least, "at most": most}),
        "The share of requests that met the objectives of TTFT and of TPOT, both, over the last 5 minutes.",
        _BOUNDS,
        _FAILED_MEET_NOTHING,
        about=gateway.TTFT,
        legend=_NAME,
        thresholds=style.OBJECTIVE_STEPS,
        no_value=_NO_REQUESTS_NOW,
        decimals=2,
        named=True,
        **look,
    )


def goodput_band(key: str, title: str, ttft: Objective, tpot: Objective, **look: Unpack[LineLook]) -> TimeSeries:
    """Requests a second that met both objectives, as a band, beside all that ended."""
    least, most = goodput(ttft, tpot)
    query = named({"offered": observations(gateway.TTFT), "at most": most, "at least": least})
    return time_series(
        key,
        title,
        [Target(query=query, legendFormat=_NAME)],
        describe(
            {"offered": gateway.TTFT},
            "Requests per second: all that ended (offered), and of these as many as met the objectives of TTFT and of"
            " TPOT chosen above, between the edges of the band. What lies above the band got less than was promised.",
            _BOUNDS,
            _FAILED_MEET_NOTHING,
        ),
        overrides=[
            colour_of("/^offered$/", "blue", shades=False),
            colour_of("/^at most$/", style.GOOD, shades=False),
            colour_of("/^at least$/", style.GOOD, shades=False),
            override("/^at most$/", **{"custom.fillBelowTo": "at least", "custom.fillOpacity": 30}),
        ],
        parts=("offered", "at most", "at least"),
        worst="min",
        no_value=_NO_REQUESTS,
        **look,
    )


_PART_COLOURS = dict(zip((*STAGES, REST), ("#A6844A", "purple", "#37B5A8", "blue", "#D64F9E"), strict=True))
_PARTS = (
    "Preprocess, queue and schedule are the gateway's stages; first token is TTFT, in PD with the prefill and the"
    " transfer; generation is the rest, until the last write. They follow one another and add up to the mean E2E."
)
_PARTS_FAIL = (
    "Upload and parsing are measured nowhere, and are in generation. Stages count failed requests and E2E does not:"
    " where more than 1 % fail they hold too much, a line's name says so, and generation is not shown below 0."
)


def longest_part(key: str, title: str, **look: Unpack[Look]) -> Stat:
    """The stage in which the mean request of the last minutes spent most of its time, and how much."""
    return stat(
        key,
        title,
        highest_of(parts_of_time(window=RECENT)),
        f"Where the mean request spent most of its time, over the last 5 minutes. {_PARTS}",
        _PARTS_FAIL,
        about=gateway.E2E_LATENCY,
        legend=_NAME,
        no_value=_NO_REQUESTS_NOW,
        named=True,
        **look,
    )


def time_spent(key: str, title: str, **look: Unpack[Look]) -> TimeSeries:
    """The mean request's time by stage, stacked: the upper edge is its E2E latency."""
    return time_series(
        key,
        title,
        [Target(query=parts_of_time(), legendFormat=_NAME)],
        describe(
            {"E2E": gateway.E2E_LATENCY},
            f"The mean of the requests that ended, stacked: the upper edge is the mean E2E latency. {_PARTS}",
            _PARTS_FAIL,
        ),
        overrides=[
            *(colour_of(f"/^{name}$/", colour, shades=False) for name, colour in _PART_COLOURS.items()),
            colour_of("/^over 1 % failed/", style.FAILURE),
        ],
        parts=(*_PART_COLOURS, "over 1 % failed: parts too high"),
        stacked=True,
        fill=40,
        no_value=_NO_REQUESTS,
        **look,
    )


def engine_parts(key: str, title: str, **look: Unpack[LineLook]) -> TimeSeries:
    """The engines' own parts of the first token: the mean time that a request waits and is computed, by role.

    A decode engine computes no prompts, only the step to its first output.
    """
    computing = mean(vllm.PREFILL_TIME, by=PER_ROLE, where={ROLE: COMPUTING})
    return time_series(
        key,
        title,
        lines_by_role({"computing": computing, "queueing": mean(vllm.QUEUE_TIME, by=PER_ROLE)}),
        describe(
            {"computing": vllm.PREFILL_TIME, "queueing": vllm.QUEUE_TIME},
            "The engines' own parts of the first token, the mean of each role: not to be added up, as a request may"
            " pass two engines. Queues that rise call for more engines of the role.",
        ),
        overrides=ROLE_OVERRIDES,
        no_value="No data: no requests in this time",
        **look,
    )


def _taken(objectives: Mapping[str, Objective], window: str) -> Query:
    return named(
        {name: of_objective(quantile(0.99, one.histogram, window=window), one) for name, one in objectives.items()}
    )


def tightest_objective(key: str, title: str, objectives: Mapping[str, Objective], **look: Unpack[Look]) -> Stat:
    """The objective that is nearest to breaking, and how much of it its P99 takes."""
    return stat(
        key,
        title,
        highest_of(_taken(objectives, RECENT)),
        "P99 of the last 5 minutes by the objective chosen above, of the objective that it takes most of: up to 100 %"
        " is room, above it is broken.",
        *_of_quantiles(objectives),
        about=next(iter(objectives.values())).histogram,
        legend=_NAME,
        thresholds=style.TAKEN_STEPS,
        no_value=_NO_REQUESTS_NOW,
        decimals=0,
        named=True,
        **look,
    )


def objectives_taken(key: str, title: str, objectives: Mapping[str, Objective], **look: Unpack[LineLook]) -> TimeSeries:
    """P99 by its objective, one line per objective: 1 is where it breaks."""
    return time_series(
        key,
        title,
        [Target(query=_taken(objectives, RATE_INTERVAL), legendFormat=_NAME)],
        describe(
            {name: one.histogram for name, one in objectives.items()},
            "P99 by the objective chosen above; at 100 % it breaks. What is left below the line is the headroom.",
            *_of_quantiles(objectives),
        ),
        overrides=[
            colour_of(f"/^{name}$/", colour, shades=False)
            for name, colour in zip(objectives, ("blue", "purple", "#37B5A8"), strict=True)
        ],
        thresholds=((None, "transparent"), (1, style.FAILURE)),
        parts=tuple(objectives),
        # A P99 at thirty times its objective must not press the others, of which one asks if they break, on the floor.
        logarithmic=True,
        minimum=None,
        axis_to=1,
        no_value=_NO_REQUESTS,
        **look,
    )


def _of_quantiles(objectives: Mapping[str, Objective]) -> list[str]:
    failed = next(one.histogram for one in objectives.values() if one.histogram.failed)
    return [
        *quantile_caveats(failed, lines=False),
        "Latency rises late and then at once: a queue or a full KV cache tells of it before.",
    ]


def unevenness_by_role(key: str, title: str, **look: Unpack[Look]) -> Stat:
    """The fullest instance's KV cache by the mean of its role."""
    return stat(
        key,
        title,
        unevenness(vllm.KV_CACHE_USAGE, by=PER_ROLE),
        "The KV cache usage of the fullest instance by the mean of its role, over the last 5 minutes, or by 5 % where"
        " the mean is less: 1 is even, 2 is twice as full as the mean. Below 1 the role is idle, and not judged:"
        " grey.",
        "With engines of several models in a role, the models' loads differ, too.",
        about=vllm.KV_CACHE_USAGE,
        legend=legend("", *PER_ROLE),
        thresholds=style.SPREAD_STEPS,
        no_value="no engines",
        decimals=1,
        named=True,
        **look,
    )


# Outside Kubernetes there is no pod, and where a store has one cluster no name of it.
_INSTANCE = "{{infer_type}} {{cluster}} {{pod}} {{instance}}"
_SLOWNESS = (
    "By Little's law: requests that run, by tokens that come a second, each over 5 minutes; by the same of the middle"
    " one of its peers, the engines of its role and model. Several times as slow, it is sick; 99 stands still."
)
_SLOW_NOTES = (
    "Instances with less than one request in two moments are left out. Of two, none is in the middle: the slower one"
    " reads at most 2. An engine's gauge may stay high after its last client left, and then it seems to stand still.",
)


def slowest_instance(key: str, title: str, **look: Unpack[Look]) -> Stat:
    """The instance that takes longest for a token beside its peers: its name, and how many times as long."""
    return stat(
        key,
        title,
        highest_of(slowness()),
        f"The instance that is slowest beside its peers, and how many times as slow. {_SLOWNESS}",
        *_SLOW_NOTES,
        about=vllm.RUNNING_REQUESTS,
        legend=_INSTANCE,
        thresholds=style.UNEVEN_STEPS,
        no_value="no busy instances",
        decimals=1,
        named=True,
        **look,
    )


def slowest_instances(key: str, title: str, **look: Unpack[LineLook]) -> TimeSeries:
    """The ``$top`` instances that are slowest beside their peers at the end of the time range."""
    return time_series(
        key,
        title,
        [Target(query=leading(slowness(), OF_INSTANCE), legendFormat=_INSTANCE)],
        describe(
            {"running": vllm.RUNNING_REQUESTS, "generation": vllm.GENERATION_TOKENS_TOTAL},
            f"The $top instances that are slowest beside their peers at the end of the time range. {_SLOWNESS}",
            *_SLOW_NOTES,
        ),
        no_value="No data: no busy instances",
        axis_to=2,
        **look,
    )


_STEPS_OF_HITS = (
    "Possible is the best hit of any instance, chosen that of the instance which was chosen, as the cache index tells"
    " them: means over prompts of 1,024 tokens or more, which weigh alike. Got is what prefill and neutral engines"
    " found, each token alike; it reads too high before vLLM 0.18, which loses counts of long prompts without hits."
)
_WEIGHED = "Chosen and got weigh differently: a small gap, or one below 0, means nothing; a large one is a stale index."
_THERE = "Without scheduling by prefix cache only got is there; with batch KVT and no neutral engines, the others"


def prefix_cache_gaps(key: str, title: str, **look: Unpack[Look]) -> Stat:
    """What the choice of instances leaves of the possible hits, and what engines do not find of the chosen ones."""
    of_choice = less(possible(window=RECENT), chosen(window=RECENT))
    of_index = less(chosen(window=RECENT), got(window=RECENT))
    return stat(
        key,
        title,
        named({"lost by choice": of_choice, "not found": of_index}),
        "Over the last 5 minutes, in percentage points: lost by choice is possible less chosen, the price of spreading"
        f" load, and not found is chosen less got. {_STEPS_OF_HITS}",
        _WEIGHED,
        f"{_THERE}; neither gap where no index answered: none is there, it is down, nobody asks the scheduler, or no"
        " long prompt came.",
        about=PREFIX_CACHE_HIT_PERCENT,
        legend=_NAME,
        no_value="no index answered",
        decimals=1,
        named=True,
        **look,
    )


def prefix_cache_steps(key: str, title: str, **look: Unpack[LineLook]) -> TimeSeries:
    """Possible, chosen and got hits of the prefix cache."""
    steps = {"possible": possible(), "chosen": chosen(), "got": got()}
    return time_series(
        key,
        title,
        [
            Target(query=query, legendFormat=name, colour=style.SERIES[position])
            for position, (name, query) in enumerate(steps.items())
        ],
        describe(
            {
                "possible": MAX_PREFIX_CACHE_HIT_PERCENT,
                "chosen": PREFIX_CACHE_HIT_PERCENT,
                "got": vllm.PREFIX_CACHE_HITS,
            },
            _STEPS_OF_HITS,
            _WEIGHED,
            f"{_THERE}.",
        ),
        worst="min",
        no_value=no_data(PREFIX_CACHE_HIT_PERCENT),
        **look,
    )
