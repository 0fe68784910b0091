"""The Huffman code of RFC 7541, appendix B, decoded a byte at a time."""

from typing import Final

from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH

from otterd.wire.h2.errors import Broken, Code

_EOS: Final = 256
_MOST_STEPS: Final = 16_384
"""Steps kept, of 65,536: text takes a few hundred, and random bytes shall not fill memory."""

_Tree = list[list[int]]


def _tree() -> _Tree:
    """Return the inner nodes as [on 0, on 1]; a leaf for symbol s is ~s."""
    nodes: _Tree = [[0, 0]]
    for symbol, (code, length) in enumerate(zip(REQUEST_CODES, REQUEST_CODES_LENGTH, strict=True)):
        node = 0
        for shift in range(length - 1, 0, -1):
            bit = code >> shift & 1
            if not nodes[node][bit]:
                nodes[node][bit] = len(nodes)
                nodes.append([0, 0])
            node = nodes[node][bit]
        nodes[node][code & 1] = ~symbol
    return nodes


def _endings(nodes: _Tree) -> frozenset[int]:
    """Return the nodes where a string may end: fewer than eight bits, all ones, after a symbol."""
    node, found = 0, {0}
    for _ in range(7):
        node = nodes[node][1]
        found.add(node)
    return frozenset(found)


_NODES: Final = _tree()
_ENDINGS: Final = _endings(_NODES)
_steps: dict[int, tuple[int, bytes]] = {}


def _step(node: int, byte: int) -> tuple[int, bytes]:
    """Return where `byte` leads from `node`, and the symbols on the way."""
    start, symbols = node, bytearray()
    for shift in range(7, -1, -1):
        node = _NODES[node][byte >> shift & 1]
        if node < 0:
            if ~node == _EOS:
                raise Broken(Code.COMPRESSION_ERROR, "end of string inside a Huffman string")
            symbols.append(~node)
            node = 0
    step = node << 8, bytes(symbols)
    if len(_steps) < _MOST_STEPS:
        _steps[start << 8 | byte] = step
    return step


def decode(data: bytes) -> bytes:
    """Return what `data` stands for; raise Broken for padding that is none."""
    state = 0
    steps = _steps
    symbols: list[bytes] = []
    for byte in data:
        step = steps.get(state | byte) or _step(state >> 8, byte)
        state = step[0]
        symbols.append(step[1])
    if state >> 8 not in _ENDINGS:
        raise Broken(Code.COMPRESSION_ERROR, "a Huffman string ends within a symbol")
    return b"".join(symbols)
