"""What the panels of the overview show."""

from tests.proof.truth_request import HEADLINE, Truth

PANELS: dict[str, Truth] = {**HEADLINE}
