"""Each query of a dashboard, run on a Prometheus as its panel would run it."""
