"""A query reads recorded series where they answer it exactly, and stays as it is where they do not."""

import pytest

from llumnix_dash.recorded.queries import Read, Reader, Recorded

TOKENS = Recorded("cluster_role:tokens_total:rate5m", 'sum by (cluster, role) (rate(tokens_total{job="engine"}[5m]))')
BUCKETS = Recorded("cluster:wait_bucket:rate5m", 'sum by (cluster, le) (rate(wait_bucket{job="engine"}[5m]))')
USED = Recorded("cluster_role:usage:sum", 'sum by (cluster, role) (usage{job="engine"})')
THERE = Recorded("cluster_role:usage:count", 'count by (cluster, role) (usage{job="engine"})')
PEAK = Recorded("cluster_role:usage:max5m", 'max by (cluster, role) (max_over_time(usage{job="engine"}[5m]))')
# Each replica tells of all instances: the one that tells of most counts.
COPIES = Recorded(
    "cluster_role:running:sum",
    'sum by (cluster, role) (max by (cluster, role) (sum by (cluster, role, replica) (running{job="scheduler"})))',
)
SLOWNESS = Recorded(
    "cluster:slowness:top50",
    'topk by (cluster) (50, (sum by (cluster, instance) (rate(tokens_total{job="engine"}[5m]))) / on (cluster)'
    ' group_left () quantile by (cluster) (0.5, sum by (cluster, instance) (rate(tokens_total{job="engine"}[5m]))))',
)
GONE = Recorded(
    "cluster:engines:gone",
    '(count by (cluster) (up{job="engine"} offset 15m == 1) unless on (cluster) count by (cluster) (up{job="engine"}))'
    ' or 0 * count by (cluster) (last_over_time(up{job="engine"}[1d]))',
)
SILENT = Recorded(
    "cluster_role:up:silent",
    'count by (cluster, role) (up{job="engine"} == 0) or 0 * count by (cluster, role) (up{job="engine"})',
)
SHARE = Recorded(
    "cluster_role:tokens_total:share",
    'clamp_max(sum by (cluster, role) (rate(tokens_total{job="engine"}[5m])) / 9, 1)',
)
PEAKS = Recorded("cluster:waiting:sum_max5m", 'sum by (cluster) (max_over_time(waiting{job="engine"}[5m]))')
READER = Reader([SILENT, PEAKS, TOKENS, BUCKETS, USED, THERE, PEAK, COPIES, SLOWNESS, GONE, SHARE])
FILTERS = 'job="engine",cluster=~"$cluster",role=~"$role"'


def read(query: str) -> str:
    return READER.read(query).text


@pytest.mark.parametrize("by", ["", " by (role) ", " by (cluster, role) ", " by (role, cluster) "])
def test_any_groups_of_a_rule_s_labels_are_made_of_its_series(by: str) -> None:
    assert read(f"sum{by}(rate(tokens_total{{{FILTERS}}}[5m]))") == (
        f'sum{by}(cluster_role:tokens_total:rate5m{{cluster=~"$cluster",role=~"$role"}})'
    )


def test_what_is_not_narrowed_needs_no_braces() -> None:
    assert read('sum(rate(tokens_total{job="engine"}[5m]))') == "sum(cluster_role:tokens_total:rate5m)"


@pytest.mark.parametrize(
    "query",
    [
        f"sum by (instance) (rate(tokens_total{{{FILTERS}}}[5m]))",
        f'sum(rate(tokens_total{{{FILTERS},source="cache"}}[5m]))',
        f'sum(rate(tokens_total{{{FILTERS},instance=~"$instance|x"}}[5m]))',
        'sum(rate(tokens_total{job="gateway"}[5m]))',
        f"sum(rate(tokens_total{{{FILTERS}}}[10m]))",
        f"sum(increase(tokens_total{{{FILTERS}}}[5m]))",
        f"max(rate(tokens_total{{{FILTERS}}}[5m]))",
        f"avg(rate(tokens_total{{{FILTERS}}}[5m]))",
        f"sum(rate(prompt_tokens_total{{{FILTERS}}}[5m]))",
        f"sum(max_over_time(usage{{{FILTERS}}}[5m]))",
        'sum(max_over_time(waiting{job="engine"}[$__range]))',
        f"sum(rate(tokens_total{{{FILTERS}}}[$__range]))",
        SILENT.expression.replace("cluster, role", "cluster"),
        SLOWNESS.expression.replace("[5m]", "[$__rate_interval]", 1),
    ],
    ids=[
        "another label's groups",
        "a label that is not recorded",
        "half a variable",
        "another job",
        "another window",
        "another function",
        "another aggregation",
        "a mean without a count",
        "another metric",
        "a sum of peaks",
        "peaks of another time",
        "the time range's own rate",
        "a signal of other groups",
        "two windows",
    ],
)
def test_what_a_rule_does_not_tell_stays_raw(query: str) -> None:
    assert READER.read(query) == Read(query)


def test_a_variable_that_the_series_cannot_honour_is_told() -> None:
    found = READER.read(f'sum(rate(tokens_total{{{FILTERS},instance=~"$instance"}}[5m]))')
    assert found.text == 'sum(cluster_role:tokens_total:rate5m{cluster=~"$cluster",role=~"$role"})'
    assert found.unheard == {"instance"}


def test_a_window_that_follows_the_zoom_becomes_the_rule_s_and_is_told() -> None:
    found = READER.read(f"sum(rate(tokens_total{{{FILTERS}}}[$__rate_interval]))")
    assert found == Read('sum(cluster_role:tokens_total:rate5m{cluster=~"$cluster",role=~"$role"})', smoothed=True)


def test_over_the_time_range_the_mean_of_the_rule_s_values_stands() -> None:
    assert read(f"sum(rate(tokens_total{{{FILTERS}}}[$__range] @ end()))") == (
        'sum(avg_over_time(cluster_role:tokens_total:rate5m{cluster=~"$cluster",role=~"$role"}[$__range] @ end()))'
    )
    assert read(f"max(max_over_time(usage{{{FILTERS}}}[$__range]))") == (
        'max(max_over_time(cluster_role:usage:max5m{cluster=~"$cluster",role=~"$role"}[$__range]))'
    )


def test_a_bucket_is_read_by_its_bound() -> None:
    assert read('sum by (cluster) (rate(wait_bucket{job="engine",le=~"$bound(\\\\.0)?"}[5m])) / 2') == (
        'sum by (cluster) (cluster:wait_bucket:rate5m{le=~"$bound(\\\\.0)?"}) / 2'
    )


def test_a_mean_is_a_sum_by_a_number() -> None:
    assert read('1 - avg by (role) (usage{job="engine",role="decode"})') == (
        '1 - (sum by (role) (cluster_role:usage:sum{role="decode"})'
        ' / sum by (role) (cluster_role:usage:count{role="decode"}))'
    )


def test_numbers_add_up() -> None:
    assert read('count(usage{job="engine"} @ end())') == "sum(cluster_role:usage:count @ end())"


def copies(outer: str, inner: str, matchers: str = "") -> str:
    return f'sum{outer}(max by ({inner}) (sum by ({inner}, replica) (running{{job="scheduler"{matchers}}})))'


def test_replicas_are_told_apart_as_the_rule_does() -> None:
    assert read(copies(" by (role) ", "role, cluster")) == "sum by (role) (cluster_role:running:sum)"
    # The highest replica of all roles is not the sum of the highest of each.
    assert read(copies("", "cluster")) == copies("", "cluster")
    decode = ',role="decode"'
    both = ',role=~"decode|prefill"'
    assert read(copies("", "cluster", both)) == copies("", "cluster", both)
    assert read(copies("", "cluster", decode)) == 'sum(cluster_role:running:sum{role="decode"})'


def slowness(matchers: str = "", at: str = "") -> str:
    tokens = f'sum by (cluster, instance) (rate(tokens_total{{job="engine"{matchers}}}[5m]{at}))'
    return f"({tokens}) / on (cluster) group_left () quantile by (cluster) (0.5, {tokens})"


def test_those_that_lead_answer_for_all() -> None:
    chosen = ',cluster=~"$cluster"'
    assert read(f"topk($top, {slowness(chosen)})") == 'topk($top, cluster:slowness:top50{cluster=~"$cluster"})'
    assert read(slowness(at=" @ end()")) == "cluster:slowness:top50 @ end()"
    # Beside other peers an instance is another time as slow.
    assert "cluster:slowness:top50" not in read(slowness(',instance=~"$instance"'))


def test_a_signal_is_read_whole() -> None:
    assert read(f"{SHARE.expression} > 0.5") == "cluster_role:tokens_total:share > 0.5"
    query = GONE.expression.replace('job="engine"', 'job="engine",cluster=~"$cluster"')
    assert read(query) == 'cluster:engines:gone{cluster=~"$cluster"}'
    other = query.replace('"$cluster"}[1d]', '"$other"}[1d]')
    assert read(other) == other
