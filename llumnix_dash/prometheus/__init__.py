"""A Prometheus: its connection, its API, and what its queries name."""
