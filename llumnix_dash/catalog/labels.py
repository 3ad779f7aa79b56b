"""Which labels tell what apart, once: fleets, roles and instances.

An aggregation over instances that gives a value for each instance keeps the labels of :attr:`Metric.identity`, which
begin with the fleet's: instances of two fleets may bear one name.
"""

# The Kubernetes cluster, where a site's scraping says it; not all do, and series without it are of one cluster.
CLUSTER = "cluster"
NAMESPACE = "namespace"
# A fleet is what runs in one namespace of one cluster.
FLEET = (CLUSTER, NAMESPACE)
# What an engine does: prefill, decode, or both (neutral).
ROLE = "infer_type"
# The component that scraping reached, and which of its instances.
COMPONENT = "job"
INSTANCE = "instance"
# The pod that was scraped: of what a scheduler tells of engines its own, not the engine's.
POD = "pod"
# The engine instance of which a scheduler tells; `instance` is the scheduler's own there.
ENGINE = "instance_id"
# Of metrics of the gateway, the realtime state, and of the engines' targets.
MODEL = "model"
