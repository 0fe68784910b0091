"""How a request to a sandbox alpha fails."""

UNKNOWN, PERMISSION_DENIED, FAILED_PRECONDITION, ABORTED, UNAVAILABLE, UNAUTHENTICATED = 2, 7, 9, 10, 14, 16

NO_CONNECTION = "No connection exists"


class Failed(Exception):
    """A request failed: the gRPC `code` and the whole text, as an alpha says them."""

    def __init__(self, text: str, code: int = UNKNOWN) -> None:
        super().__init__(text)
        self.text = text
        self.code = code


def unsupported(feature: str) -> Failed:
    """Return the refusal of what only a real cluster can do."""
    return Failed(f"sandbox: {feature} is not supported")
