"""A Prometheus, and what Grafana asks it: each query of a dashboard, run as its panel would run it.

The way of the data::

    connection ─> client ───────────────────────┐
    dashboard (panels and targets of the JSON) ─┤
    timerange, intervals ─> variables ──────────┴─> run ─> report ─┬─> render  text, JSON, Markdown
                             (formats, interpolate,                └─> coverage, explain
                              find)
"""
