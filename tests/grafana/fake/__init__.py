"""A Grafana on loopback that holds to what the real ones do, version by version.

:mod:`profile` says in what the versions differ, :mod:`store` keeps dashboards and folders and judges writes,
:mod:`legacy` and :mod:`k8s` are the two APIs over it, :mod:`faults` spoils answers on purpose, :mod:`server` is the
HTTP.
"""

from tests.grafana.fake.faults import Fault
from tests.grafana.fake.profile import PROFILES, Profile
from tests.grafana.fake.server import FakeGrafana
from tests.grafana.fake.store import Dashboard, Store

__all__ = ["PROFILES", "Dashboard", "FakeGrafana", "Fault", "Profile", "Store"]
