"""Dashboards over recorded series: the same pages, whose parts about a whole fleet cost the same at any size.

A recording rule is its own dictionary: what its expression asks is looked for in the dashboards' queries, and where it
stands the rule's series are read. Both are written by the same functions of the catalogue, so they have one text.
"""
