"""The dashboards: one module each, rows and panels and nothing else.

To add a panel, add a line to a row; its key is its name for ever, its title may change. Order of the modules: from what
the end user gets to what one engine does.
"""
