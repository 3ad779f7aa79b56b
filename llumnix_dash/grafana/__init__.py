"""Bring dashboards to a Grafana, and lose nobody's edits.

The way of the data: :mod:`settings` say where the server is, :mod:`connect` finds out what it can do, :mod:`pushset` is
what shall be there, :mod:`plan` holds it against what is there, :mod:`apply` makes it so, :mod:`render` tells.

Under them, :mod:`transport` speaks HTTP, :mod:`failures` turns an answer into an error that a person can act on, and
:mod:`legacy` and :mod:`k8s` are the two APIs that a Grafana offers, behind the one interface of :mod:`model`.
"""
