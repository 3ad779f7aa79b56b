"""What changed between two sets of dashboards, told as a person would.

Data flows one way: ``sources`` (files, git, generated) -> ``documents`` (text to dashboards) -> ``migrate`` and
``normal`` (noise removed) -> ``compare`` with its helpers (``pairing``, ``panels``, ``layout``, ``parts``, ``queries``)
-> the model in ``changes`` -> ``text``, ``markdown``, ``as_json``, which only render it.
"""
