"""How long `generate` and `--help` take, as multiples of what their imports alone would take."""

import shutil
import sys
import tempfile
from functools import partial

from harness import Comparison, compare, python


def main() -> int:
    """Runs the comparisons; 1 where one is over its limit."""
    with tempfile.TemporaryDirectory() as parent:
        folder = f"{parent}/out"
        return compare(
            [
                Comparison(
                    "generate, all five",
                    python("-m", "llumnix_dash", "generate", "--output-dir", folder),
                    python("-c", "import click, pydantic, grafanalib.core"),
                    1.6,
                    # So that each run writes all five files.
                    partial(shutil.rmtree, folder, ignore_errors=True),
                ),
                Comparison("--help", python("-m", "llumnix_dash", "--help"), python("-c", "import click"), 2),
            ]
        )


if __name__ == "__main__":
    sys.exit(main())
