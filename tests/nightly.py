"""What `make nightly` asks beyond `make test`: each fleet in each store, which takes longer than a change can wait."""

import os

EVERY_STORE = "LLUMNIX_DASH_EVERY_STORE" in os.environ
