"""The proof: what the dashboards show is what happened.

A fleet is simulated, every event of it known; its samples go into a real Prometheus and a real VictoriaMetrics; the
dashboards' own queries run there, by the code of ``llumnix-dash verify``. The questions:

- ``test_truth``: is the number shown the one that plain Python works out from the events? The modules ``truth_*`` list
  it panel by panel, ``events`` is the arithmetic. They know nothing of PromQL.
- ``test_traps``: does a query written without care give another number on the same store? Where it does not, the trap
  is not set and the truth proves nothing. ``traps`` lists the pairs.
- ``test_scenarios``: does every panel have data, or a reason for having none, in every fleet that can be simulated?
- ``test_budget``, ``test_annotations``, ``test_live``: what does opening a dashboard cost on 500 instances, what is
  marked as a restart, and does the configuration that ``simulate`` writes scrape what the dashboards ask for?

A fleet is simulated, and a store filled, once a run: the tests of one scenario go to one worker (``--dist loadgroup``).
Windows of rates begin and end at scrapes, so nothing is extrapolated and the tolerances are for what Prometheus cannot
know: the first event of a series that was not there before.
"""
