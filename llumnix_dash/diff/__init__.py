"""What changed between two sets of dashboards, told as a person would.

Data flows one way:

* in: ``sources`` (files, git, what the code generates) and ``documents`` (text to dashboards);
* noise removed: ``migrate``, ``essence``, with Grafana's ``defaults``;
* compared: ``sets`` pairs dashboards, ``compare`` tells two of them apart with ``panels`` (which is which), ``layout``
  (where it stands), ``parts`` (what it says) and ``queries`` (what it asks); all pair things by ``pairing``;
* the model: ``changes``;
* told: ``summary``, ``sentences`` with their ``vocabulary``, ``blocks``; then ``text``, ``markdown`` and ``as_json``,
  which only render.
"""
