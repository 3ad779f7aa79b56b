"""Alerts and recorded series as declarations: the vocabulary of the modules in ``rules/``.

An alert is a query of the catalogue, a threshold, a duration and a severity; its left side is a panel of the Alerts
dashboard, which draws the threshold. What the catalogue does not allow fails when the module is imported.
"""

from llumnix_dash.rules.alert import CRITICAL, INFO, WARNING, Alert, AlertError, Severity
from llumnix_dash.rules.record import Record, RecordError

__all__ = ["CRITICAL", "INFO", "WARNING", "Alert", "AlertError", "Record", "RecordError", "Severity"]
