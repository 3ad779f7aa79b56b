"""Grafana dashboards as code for the Llumnix LLM serving system."""

__version__ = "0.1.0"
