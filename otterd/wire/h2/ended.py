"""The streams that this side ended before their time, for what the peer said before it heard of that."""

_BLOCKS = 2
"""Header blocks that may cross our RST_STREAM: the head and the trailers of an answer."""


class Ended:
    """Remembers the last `most` of them."""

    __slots__ = ("_blocks", "_most")

    def __init__(self, most: int) -> None:
        self._most = most
        self._blocks: dict[int, int] = {}

    def __contains__(self, number: int) -> bool:
        return number in self._blocks

    def __len__(self) -> int:
        return len(self._blocks)

    def add(self, number: int) -> None:
        """Remember stream `number`."""
        blocks = self._blocks
        if len(blocks) >= self._most:
            del blocks[next(iter(blocks))]
        blocks[number] = _BLOCKS

    def crossed(self, number: int) -> bool:
        """Count a header block on `number`; return whether it may have crossed our RST_STREAM."""
        left = self._blocks.get(number, 0)
        if left:
            self._blocks[number] = left - 1
        return left > 0
