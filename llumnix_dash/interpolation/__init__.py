"""Grafana's interpolation: variables, their formats, time ranges, steps."""
