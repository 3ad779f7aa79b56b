"""The traps: what a panel of ours shows, and a careless query for the same.

Each names a fleet in which the careless query gives another number on the same store.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

W = "[5m]"
GATEWAY, SCHEDULER = '{job="gateway"}', '{job="scheduler"}'


@dataclass(frozen=True)
class Trap:
    """A careless query, and the panel of ours that it would stand for.

    Attributes:
        name: what a person forgets who writes it.
        scenario: a fleet in which it matters.
        board: the dashboard's module.
        key: the panel's.
        line: the legend of the line in question.
        careless: the query, which gives one number or none.
        variables: chosen values of the dashboard's variables.
    """

    name: str
    scenario: str
    board: str
    key: str
    line: str
    careless: str
    variables: Mapping[str, Sequence[str]] = field(default_factory=dict)


# Of the panels that show the quantile that is chosen.
MEDIAN = {"quantile": ["0.5"]}


def _quantile(q: float, metric: str, matchers: str = "") -> str:
    return f"histogram_quantile({q}, sum by (le) (rate({metric}_bucket{matchers}{W})))"


def _mean(metric: str, matchers: str = "") -> str:
    return f"sum(rate({metric}_sum{matchers}{W})) / sum(rate({metric}_count{matchers}{W}))"


LABELS = [
    Trap(
        "no job: another program's requests count",
        "default",
        "request",
        "requests_now",
        "Requests",
        f"sum(rate(request_total{W}))",
    ),
    Trap(
        "namespace must have a value: outside Kubernetes there is none",
        "no-namespace",
        "request",
        "requests_now",
        "Requests",
        f'sum(rate(request_total{{job="gateway",namespace=~".+"}}{W}))',
    ),
    Trap(
        "the model filter on a metric without a model",
        "default",
        "request",
        "prefix_cache_hit",
        "P50",
        _quantile(0.5, "request_prefix_cache_hit_percent", '{job="scheduler",model=~"qwen3-32b"}'),
        variables={"model": ["qwen3-32b"]},
    ),
    Trap(
        "an instance's vLLM engines counted one by one",
        "overload",
        "vllm",
        "scheduler_state_by_instance",
        "10.0.16.15:8000",
        'vllm:num_requests_running{instance="10.0.16.15:8000",engine="0"}',
    ),
    Trap(
        "CMS joined with the engines by instance",
        "default",
        "cms",
        "running_by_role",
        "decode",
        'sum(label_replace(max by (instance_id) (instance_cms_running_requests{infer_type="decode"}), "instance", "$1",'
        ' "instance_id", "(.*)") * on (instance) group_left count by (instance) (vllm:num_requests_running))',
    ),
    Trap(
        "instances told apart by their id alone: two clusters have pods of the same addresses",
        "lite-mode-two-clusters",
        "lrs",
        "instances",
        "LRS decode",
        'count(count by (instance_id) (instance_lrs_total_requests{infer_type="decode"}))',
    ),
]
ARITHMETIC = [
    Trap(
        "a mean of means",
        "default",
        "request",
        "e2e_latency",
        "mean",
        f"avg(rate(request_e2e_latency_seconds_sum{W}) / rate(request_e2e_latency_seconds_count{W}))",
    ),
    Trap(
        "a mean of quantiles",
        "overload",
        "vllm",
        "itl",
        "quantile decode",
        f'avg(histogram_quantile(0.99, rate(vllm:inter_token_latency_seconds_bucket{{infer_type="decode"}}{W})))',
    ),
    Trap(
        "a usage ratio added up",
        "default",
        "vllm",
        "cache_utilization",
        "mean decode",
        'sum(vllm:kv_cache_usage_perc{infer_type="decode"})',
    ),
    Trap(
        "every scheduler replica counts",
        "two-schedulers",
        "cms",
        "running_by_role",
        "decode",
        'sum(instance_cms_running_requests{infer_type="decode"})',
    ),
    Trap(
        "one scheduler's book for all: each has its own, in lite mode",
        "lite-mode-two-schedulers",
        "lrs",
        "running_tokens_by_role",
        "neutral",
        'sum(max by (instance_id) (instance_lrs_total_tokens{infer_type="neutral"} - instance_lrs_waiting_tokens))',
    ),
    Trap(
        "an instance that tells no capacity, in the mean",
        "no-capacity",
        "cms",
        "kv_cache_usage_by_role",
        "mean neutral",
        'avg(instance_cms_kv_cache_usage_ratio_projected{infer_type="neutral"})',
    ),
    Trap(
        "every scheduler replica's instances counted",
        "two-schedulers",
        "cms",
        "instances",
        "CMS decode",
        'count(instance_cms_running_requests{infer_type="decode"})',
    ),
    Trap(
        "a rare counter without its 0",
        "fresh",
        "request",
        "retry_fallback_rate",
        "retries",
        f"sum(rate(request_retry_total{GATEWAY}{W}))",
    ),
    Trap(
        "failures by attempts, where none has failed yet",
        "fresh",
        "component",
        "scheduling_failure_ratio",
        "failed",
        f"sum(rate(scheduler_scheduling_failed_total{W})) / (sum(rate(scheduler_scheduling_failed_total{W}))"
        f" + sum(rate(scheduler_scheduling_total{W})))",
    ),
    Trap(
        "failures by successes",
        "overload",
        "component",
        "scheduling_failure_ratio",
        "failed",
        f"sum(rate(scheduler_scheduling_failed_total{W})) / sum(rate(scheduler_scheduling_total{W}))",
    ),
    Trap(
        "decisions of both roles together: a neutral one's is there twice",
        "default",
        "cms",
        "selected_decode_batch_size_decode",
        "mean",
        _mean("selected_instance_decode_batch_size", SCHEDULER),
    ),
    Trap(
        "the decisions for neutral instances, of which none is recorded as such",
        "default",
        "cms",
        "selected_decode_batch_size_decode",
        "P50",
        _quantile(0.5, "selected_instance_decode_batch_size", '{infer_type="neutral"}'),
    ),
    Trap(
        "roles added up: a request passes two engines",
        "prefill-decode",
        "vllm",
        "token_throughput",
        "decode",
        f"sum(rate(vllm:prompt_tokens_total{W}))",
    ),
    Trap(
        "quantiles over all roles: the prefill engine's part is short",
        "prefill-decode",
        "vllm",
        "e2e_latency",
        "quantile decode",
        _quantile(0.5, "vllm:e2e_request_latency_seconds"),
        MEDIAN,
    ),
    Trap(
        "lengths over all roles: a request counts twice",
        "prefill-decode",
        "vllm",
        "prompt_length",
        "+Inf",
        f'sum(rate(vllm:request_prompt_tokens_bucket{{le="+Inf"}}{W}))',
    ),
]
LATENCIES = [
    Trap(
        "E2E as TTFT and decoding: the queue is left out",
        "overload",
        "request",
        "e2e_latency",
        "mean",
        f"({_mean('request_ttft_milliseconds', GATEWAY)} + {_mean('request_output_tokens', GATEWAY)}"
        f" * {_mean('request_itl_milliseconds', GATEWAY)}) / 1000",
    ),
    Trap(
        "the zeros of failed requests in the mean TTFT",
        "no-instance",
        "request",
        "ttft",
        "mean",
        _mean("request_ttft_milliseconds", GATEWAY),
    ),
    Trap(
        "the zeros of failed requests in a quantile of TTFT",
        "no-instance",
        "request",
        "ttft",
        "P50",
        _quantile(0.5, "request_ttft_milliseconds", GATEWAY),
    ),
    Trap(
        "failed requests within the TTFT objective",
        "no-instance",
        "request",
        "within_objectives",
        "TTFT",
        f'sum(rate(request_ttft_milliseconds_bucket{{job="gateway",le=~"2000(\\\\.0)?"}}{W}))'
        f" / sum(rate(request_ttft_milliseconds_count{GATEWAY}{W}))",
    ),
    Trap(
        "the mean prediction: some are infinite",
        "adaptive-pd",
        "cms",
        "selected_predicted_ttft_decode",
        "P50",
        _mean("selected_instance_predicted_ttft", '{infer_type="decode"}'),
    ),
    Trap(
        "ITL in place of TPOT, which holds the queue",
        "no-instance",
        "request",
        "tpot",
        "mean",
        _mean("request_itl_milliseconds", GATEWAY),
    ),
    Trap(
        "TPOT in place of ITL",
        "default",
        "vllm",
        "itl",
        "quantile decode",
        _quantile(0.99, "vllm:request_time_per_output_token_seconds", '{infer_type="decode"}'),
    ),
    Trap(
        "the mean of what a migration poisons: the clocks of two hosts",
        "migration",
        "vllm",
        "itl",
        "quantile decode",
        _mean("vllm:inter_token_latency_seconds", '{infer_type="decode"}'),
        MEDIAN,
    ),
    Trap(
        "TTFT by a prefill engine, which tells nothing with batch KVT",
        "kvt-batch",
        "vllm",
        "ttft",
        "quantile decode",
        _quantile(0.5, "vllm:time_to_first_token_seconds", '{infer_type="prefill"}'),
        MEDIAN,
    ),
    Trap(
        "P99 of a hit ratio, where the low quantiles tell",
        "default",
        "request",
        "prefix_cache_hit",
        "P10",
        _quantile(0.99, "request_prefix_cache_hit_percent", SCHEDULER),
    ),
]
VERSIONS = [
    Trap(
        "LRS running where the scheduler does not export it",
        "lite-mode",
        "lrs",
        "running_by_role",
        "decode",
        'sum(max by (instance_id) (instance_lrs_running_requests{infer_type="decode"}))',
    ),
    Trap(
        "a KV cache usage of vLLM before 0.11",
        "old-vllm",
        "vllm",
        "cache_utilization",
        "fullest decode",
        'max(vllm:gpu_cache_usage_perc{infer_type="decode"})',
    ),
    Trap(
        "an inter-token latency of vLLM before 0.18",
        "default",
        "vllm",
        "itl",
        "mean decode",
        _mean("vllm:time_per_output_token_seconds", '{infer_type="decode"}'),
    ),
    Trap(
        "all that ended as what the model ended",
        "overload",
        "vllm",
        "finish_reason",
        "decode stop",
        f'sum(rate(vllm:request_success_total{{infer_type="decode"}}{W}))',
    ),
]
TRAPS = [*LABELS, *ARITHMETIC, *LATENCIES, *VERSIONS]
