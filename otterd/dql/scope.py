"""What one block or fragment defines, needs and spreads, noted while it is read."""

from otterd.dql.tree import Arg, Func, MathConst, Recurse

Waiting = Arg | Func | MathConst | Recurse
"""What may wait for the value of a declared variable."""


class Scope:
    """Names, each as often as it comes; `uses` are the nodes that wait for declared variables."""

    __slots__ = ("defines", "depth", "needs", "root", "size", "spreads", "uses")

    def __init__(self) -> None:
        self.defines: list[str] = []
        self.needs: list[str] = []
        self.spreads: list[tuple[str, int]] = []
        """Fragments, with the depth at which their selections come to stand."""
        self.uses: list[Waiting] = []
        self.root: Func | None = None
        """The root function, in which an alpha treats variables otherwise."""
        self.depth = 0
        self.size = 0
