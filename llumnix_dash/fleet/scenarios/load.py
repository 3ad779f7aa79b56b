"""Fleets that differ by what is asked of them."""

from llumnix_dash.fleet.parts import Deployment, Failures, Scenario, Traffic
from llumnix_dash.fleet.scenarios.base import BIG, DEFAULT, NEUTRAL, SMALL, disaggregated, varied

LOAD = (
    Scenario(
        name="overload",
        explanation="more traffic than the engines can bear: requests wait in the engines, KV caches are near 1, first"
        " tokens come late, and one decode instance is clearly worse than its peers",
        deployments=(
            varied(
                traffic=(
                    BIG.model_copy(update={"requests_per_second": 4}),
                    SMALL.model_copy(update={"requests_per_second": 7}),
                )
            ),
        ),
        load="surge",
        slowness=4,
    ),
    Scenario(
        name="idle",
        explanation="the default's engines, up, without traffic since before the first sample",
        deployments=(DEFAULT,),
        load="stopped",
    ),
    Scenario(
        name="prefill-short",
        explanation="one prefill engine for four decode engines and long prompts, with batch KVT: prompts wait for it"
        " while decode engines are at ease; the prefill engine's own metrics all stay 0",
        deployments=(disaggregated("kvt-batch", 1, 4, rate=3.4, prompt=1800, output=60),),
        load="surge",
    ),
    Scenario(
        name="decode-short",
        explanation="two decode engines for long answers, with staged KVT: what two prefill engines have computed at"
        " once waits for a place in their KV caches",
        deployments=(disaggregated("kvt-staged", 2, 2, rate=2.1, prompt=500, output=350),),
        load="surge",
    ),
    Scenario(
        name="both-short",
        explanation="long prompts and long answers for one prefill and two decode engines, with batch KVT: requests"
        " wait for the one and then for the other",
        deployments=(disaggregated("kvt-batch", 1, 2, rate=3.2, prompt=1800, output=150),),
        load="surge",
    ),
    Scenario(
        name="neutral-short",
        explanation="more than two neutral engines can bear, in full mode: prompts wait for a place beside the answers",
        deployments=(
            Deployment(
                pools=(NEUTRAL.model_copy(update={"data_parallel": 1}),),
                traffic=(SMALL.model_copy(update={"requests_per_second": 6.5, "prompt_tokens": 500}),),
            ),
        ),
        load="surge",
    ),
    Scenario(
        name="too-small",
        explanation="one prefill engine and one decode engine, the latter at a third of the usual pace, for more than"
        " they can bear from the start: first tokens, tokens and whole answers all come late",
        deployments=(disaggregated("staged", 1, 1, rate=1.5, prompt=700, output=200),),
        slowness=3,
    ),
    Scenario(
        name="low-traffic-failures",
        explanation="a request every 40 s in the mean, of which four in five fail at once: engines err, or refuse the"
        " connection",
        deployments=(
            varied(
                traffic=(
                    BIG.model_copy(update={"requests_per_second": 1 / 80}),
                    SMALL.model_copy(update={"requests_per_second": 1 / 80}),
                ),
            ),
        ),
        failures=Failures(refused=0.3, erring=0.5),
    ),
    Scenario(
        name="label-overflow",
        explanation="a client that names another model with each request, which no engine knows: 404s, and within some"
        " seven minutes more label sets than a metric may have; scraped every 60 s if no --interval is given, as each"
        " name makes some 120 series",
        deployments=(
            Deployment(
                gateways=1,
                pools=(NEUTRAL,),
                traffic=(SMALL, Traffic(model="who-knows", requests_per_second=1.5, misspelt=True)),
            ),
        ),
        interval=60,
    ),
)
