"""What a vLLM engine holds at one moment."""

from dataclasses import dataclass


@dataclass(slots=True)
class View:
    """An instance, or one of its vLLM engines; counts of requests and of tokens.

    Attributes:
        capacity: tokens that its KV cache holds.
        running: requests that it computes.
        waiting: requests that wait for their turn.
        loading: requests whose KV cache is on its way here.
        used_tokens: of the requests that it computes.
        loading_tokens: of those that wait for their KV cache.
    """

    capacity: float
    running: int = 0
    waiting: int = 0
    loading: int = 0
    used_tokens: int = 0
    loading_tokens: int = 0

    @property
    def usage(self) -> float:
        """Share of the KV cache in use."""
        return min(1.0, round(self.used_tokens / self.capacity, 4))
