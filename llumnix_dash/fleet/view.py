"""What an engine instance holds at one moment."""

from dataclasses import dataclass


@dataclass(slots=True)
class View:
    """An instance as it is at one moment; counts of requests and of tokens.

    The names are those of the cluster meta store's metrics as far as they go.
    """

    capacity: float
    running: int = 0
    prefilling: int = 0
    waiting: int = 0
    loading: int = 0
    waiting_decodes: int = 0
    inflight_prefills: int = 0
    inflight_decodes: int = 0
    used_tokens: int = 0
    waiting_prefill_tokens: int = 0
    running_prefill_tokens: int = 0
    loading_tokens: int = 0
    waiting_decode_tokens: int = 0
    decode_tokens: int = 0
    inflight_prefill_tokens: int = 0
    inflight_decode_tokens: int = 0
    waiting_to_decode: int = 0
    running_to_decode: int = 0
    waiting_to_decode_tokens: int = 0
    running_to_decode_tokens: int = 0
    unallocated_prefill_tokens: int = 0
    before_first_token: int = 0
    tokens_before_first_token: int = 0

    @property
    def decoding(self) -> int:
        """Requests that are being decoded."""
        return self.running - self.prefilling

    @property
    def waiting_or_loading(self) -> int:
        """Requests that wait, for their turn or for their KV cache."""
        return self.waiting + self.loading

    @property
    def requests(self) -> int:
        """All that it holds."""
        return self.running + self.waiting + self.loading

    @property
    def past_first_token(self) -> int:
        """Requests whose first token has come."""
        return self.requests - self.before_first_token

    @property
    def tokens(self) -> int:
        """Tokens of all that it holds."""
        return self.used_tokens + self.waiting_prefill_tokens + self.loading_tokens + self.waiting_decode_tokens

    @property
    def tokens_past_first_token(self) -> int:
        """Of these, the tokens of requests whose first token has come."""
        return self.tokens - self.tokens_before_first_token

    @property
    def inflight(self) -> int:
        """Requests that the engine has not reported yet."""
        return self.inflight_prefills + self.inflight_decodes

    @property
    def prefill_tokens(self) -> int:
        """Prompt tokens yet to be computed."""
        return self.waiting_prefill_tokens + self.running_prefill_tokens

    @property
    def all_decode_tokens(self) -> int:
        """Tokens of the requests that are, or will be, decoded."""
        return self.decode_tokens + self.loading_tokens + self.waiting_decode_tokens

    @property
    def usage(self) -> float:
        """Share of the KV cache in use."""
        return min(1.0, round(self.used_tokens / self.capacity, 4))

    @property
    def projected_usage(self) -> float:
        """The same, with what is on its way."""
        return min(1.0, round(self.tokens / self.capacity, 4))
