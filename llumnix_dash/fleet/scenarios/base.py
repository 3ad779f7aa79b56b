"""The fleet from which nearly all scenarios are made, and its parts."""

from llumnix_dash.fleet.parts import Deployment, Pool, Traffic, Transfer

BIG_MODEL = "qwen3-32b"
SMALL_MODEL = "llama-3.1-8b"
RARE_MODEL = "gemma-3-12b"

# Three names for one model, as in real clusters: the client's, the pods' label, and the first that vLLM was given.
PREFILL = Pool(role="prefill", model=BIG_MODEL, instances=2, labelled_as="Qwen3-32B", served_as="Qwen/Qwen3-32B")
DECODE = PREFILL.model_copy(update={"role": "decode", "instances": 3})
NEUTRAL = Pool(
    role="neutral",
    model=SMALL_MODEL,
    instances=2,
    data_parallel=2,
    labelled_as="Llama-3.1-8B",
    served_as="meta-llama/Llama-3.1-8B-Instruct",
)
BIG = Traffic(model=BIG_MODEL, requests_per_second=3)
SMALL = Traffic(model=SMALL_MODEL, requests_per_second=2, prompt_tokens=350, output_tokens=120)

DEFAULT = Deployment(pools=(PREFILL, DECODE, NEUTRAL), traffic=(BIG, SMALL))


def varied(**changes: object) -> Deployment:
    """The default with these changes."""
    return DEFAULT.model_copy(update=changes)


def disaggregated(
    transfer: Transfer, prefill: int, decode: int, *, rate: float, prompt: int, output: int
) -> Deployment:
    """Prefill and decode engines alone, for prompts and answers of these median lengths."""
    return Deployment(
        pools=(
            PREFILL.model_copy(update={"instances": prefill}),
            DECODE.model_copy(update={"instances": decode}),
        ),
        traffic=(Traffic(model=BIG_MODEL, requests_per_second=rate, prompt_tokens=prompt, output_tokens=output),),
        transfer=transfer,
    )
