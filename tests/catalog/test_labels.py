"""What tells fleets apart is kept wherever a value is given for each instance."""

import pytest

from llumnix_dash.catalog.labels import ENGINE, FLEET, INSTANCE
from tests.reading import every_query, selectors


@pytest.mark.parametrize("query", every_query())
def test_instances_of_two_fleets_are_never_taken_for_one(query: str) -> None:
    for selected in selectors(query):
        for operation, labels in selected.aggregations():
            if {ENGINE, INSTANCE} & set(labels) and set(FLEET) <= set(selected.metric.all_labels):
                lost = set(FLEET) - set(labels)
                assert not lost, f"{operation} by {labels} of {selected.metric.name} loses {sorted(lost)}"
