"""grafanalib's objects with the JSON of today's Grafana."""
