"""What every policy answers."""

from typing import Protocol

from otterd.core.operation import Purpose


class Policy(Protocol):
    """Orders the alphas for a request."""

    def order(self, purpose: Purpose) -> tuple[str, ...]:
        """Return the gRPC addresses to try, the best first, each once; never empty."""

    def members(self, purpose: Purpose) -> tuple[str, ...]:
        """Return the gRPC addresses that may serve `purpose`, in the order of the file."""
