"""A function of a query while it is read."""

from otterd.dql.draft import Draft
from otterd.dql.tree import Arg, Func, Need


class Call:
    """A function being read; `root` is the block whose root function it belongs to."""

    __slots__ = (
        "args", "attr", "dollar", "language", "name", "needs", "nested", "of", "options", "position", "root",
        "tag", "tag_at", "uids", "want",
    )  # fmt: skip

    def __init__(self, name: str, position: int, root: Draft | None) -> None:
        self.name = name
        self.position = position
        self.root = root
        self.attr = ""
        self.language = ""
        self.args: list[Arg] = []
        self.uids: list[int] = []
        self.needs: list[Need] = []
        self.of = ""
        self.nested = False  # whether a function was an argument
        self.want = True  # whether an argument may come
        self.dollar = False  # whether a $ has come
        self.tag = False  # whether an @ has come
        self.tag_at = -1  # where an @ may come
        self.options: set[str] = set()

    def built(self) -> Func:
        """Return the function read."""
        return Func(
            self.name,
            self.position,
            self.attr,
            self.language,
            tuple(self.args),
            tuple(self.uids),
            tuple(self.needs),
            self.of == "count",
            self.of == "val",
            self.of == "len",
        )
