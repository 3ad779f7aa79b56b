"""Fleets to which something happens."""

from llumnix_dash.fleet.parts import Failures, Mishap, Scaling, Scenario
from llumnix_dash.fleet.scenarios.base import BIG, DECODE, DEFAULT, NEUTRAL, PREFILL, SMALL, varied

MISHAPS = (
    Scenario(
        name="restart",
        explanation="in the middle a gateway, the scheduler and two engines restart: counters fall to 0, an engine"
        " comes back under another address and id, and its old one stays in the scheduler's metrics",
        deployments=(DEFAULT,),
        restarts=True,
    ),
    Scenario(
        name="store-away",
        explanation="in the middle the cluster meta store cannot be read for a while: schedulings fail with"
        " cms_not_available, gateways go round-robin, and what is shown of instances stays as it was",
        deployments=(DEFAULT,),
        mishaps=(Mishap(kind="store-away", start=0.5, end=0.7),),
    ),
    Scenario(
        name="outage",
        explanation="in the middle all gateways go, and do not come back; kube-state-metrics still wants them",
        deployments=(varied(kube_state_metrics=True),),
        mishaps=(Mishap(kind="gateways-gone"),),
    ),
    Scenario(
        name="scheduler-down",
        explanation="the scheduler is away for a quarter of the time: gateways take engines in turn and answer 200",
        deployments=(DEFAULT,),
        mishaps=(Mishap(kind="scheduler-down", start=0.5, end=0.75),),
    ),
    Scenario(
        name="slow-failures",
        explanation="engines vanish, break off and refuse: a part fails only after seconds, gateways try again and turn"
        " to a fallback service",
        deployments=(varied(retries=1, fallback=True),),
        failures=Failures(refused=0.03, broken=0.03, vanished=0.04, erring=0.02),
    ),
    Scenario(
        name="external-route",
        explanation="three in ten requests are routed to another service: status 0, without a TTFT",
        deployments=(DEFAULT,),
        failures=Failures(external=0.3),
    ),
    Scenario(
        name="no-instance",
        explanation="in the second half there is no neutral instance: its model's requests are 503s after five seconds"
        " each, which hold the gateways' workers, and both models' requests queue",
        deployments=(varied(traffic=(BIG, SMALL.model_copy(update={"requests_per_second": 5}))),),
        mishaps=(Mishap(kind="engines-gone", role="neutral"),),
    ),
    Scenario(
        name="hang",
        explanation="from a quarter of the time on a decode instance stands still: its streams give no more, and end"
        " after five minutes as 200",
        deployments=(DEFAULT,),
        mishaps=(Mishap(kind="hang", start=0.25),),
    ),
    Scenario(
        name="standstill",
        explanation="from the middle on every engine stands still: requests are under way and nobody gets a token",
        deployments=(DEFAULT,),
        mishaps=tuple(Mishap(kind="hang", role=role, every_engine=True) for role in ("prefill", "decode", "neutral")),
    ),
    Scenario(
        name="rolling-update",
        explanation="from the middle on, engines are replaced one after another, by new ones at other addresses; an old"
        " one is no target any more, works on with what it has and is killed after 300 s",
        deployments=(DEFAULT,),
        rolling_update=True,
    ),
    Scenario(
        name="bypass",
        explanation="from the middle on no gateway reaches the scheduler, which is up and not asked: gateways take"
        " engines in turn and answer 200",
        deployments=(DEFAULT,),
        mishaps=(Mishap(kind="scheduler-out-of-reach"),),
    ),
    Scenario(
        name="index-down",
        explanation="from the middle on the index of prefixes does not answer: hits are 0, best hits and the queries'"
        " durations are not recorded, and users notice little",
        deployments=(DEFAULT,),
        mishaps=(Mishap(kind="index-away"),),
    ),
    Scenario(
        name="one-slow-engine",
        explanation="ordinary load, and one of four decode engines computes three times slower than its peers",
        deployments=(varied(pools=(PREFILL, DECODE.model_copy(update={"instances": 4}), NEUTRAL)),),
        slowness=3,
    ),
    Scenario(
        name="slow-burn",
        explanation="nearly four in a hundred requests fail all the time, at ordinary traffic: nobody sees it in five"
        " minutes, and it is four times what an objective of 99 % allows",
        deployments=(DEFAULT,),
        failures=Failures(refused=0.017, erring=0.017),
    ),
    Scenario(
        name="restart-loop",
        explanation="from a quarter of the time on a gateway restarts every four minutes, and loses what it holds",
        deployments=(DEFAULT,),
        mishaps=(Mishap(kind="gateway-restarts", start=0.25),),
    ),
    Scenario(
        name="scale-to-zero",
        explanation="clients stop asking after two fifths of the time; at half of it all engines are scaled to zero and"
        " at three quarters gateways and scheduler, whose targets vanish; kube-state-metrics wants none of them then",
        deployments=(varied(kube_state_metrics=True),),
        mishaps=(Mishap(kind="clients-gone", start=0.4),),
        scalings=(
            Scaling(workload="prefill", replicas=0),
            Scaling(workload="decode", replicas=0),
            Scaling(workload="neutral", replicas=0),
            Scaling(workload="gateway", replicas=0, at=0.75),
            Scaling(workload="scheduler", replicas=0, at=0.75),
        ),
    ),
    Scenario(
        name="scale-up",
        explanation="in the middle the decode engines are doubled: the new ones are targets at once, and answer when"
        " their model is loaded; kube-state-metrics wants them all",
        deployments=(varied(kube_state_metrics=True),),
        scalings=(Scaling(workload="decode", replicas=2 * DECODE.instances),),
    ),
)
