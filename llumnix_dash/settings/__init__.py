"""What a site has its own way: jobs, label names, objectives, the look of a dashboard; read from one file.

The catalogue and the dashboards stay as they are: :func:`~llumnix_dash.settings.localize.localized` takes a dashboard
and gives the site's. Only :mod:`~llumnix_dash.settings.site` imports pydantic, which is slow, and only where there is a
file.
"""
