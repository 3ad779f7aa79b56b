"""The difference of two dashboards as lines for a person."""
