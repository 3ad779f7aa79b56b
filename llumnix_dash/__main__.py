"""``python -m llumnix_dash``: the same program as ``llumnix-dash``."""

from llumnix_dash.cli import main

if __name__ == "__main__":
    main()
