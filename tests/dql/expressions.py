"""Functions, filters and math made by chance, with the variables that they use."""

from collections.abc import Callable
from random import Random

SCALARS = (
    "vd_name",
    "vd_age",
    "vd_height",
    "vd_alive",
    "vd_born",
    "vd_nick",
    "vd_none",
    "<vd_age>",
    "vd-dash",
)
EDGES = ("vd_friend", "vd_boss", "~vd_friend", "~vd_boss", "<vd_friend>")
STRINGS = ('"Ada"', '"a\\"b"', '"ü"', '"\\u00e9"', '"x y"', '""', "Ada", "36", "1.5", "0x1", "true")
TEXTUAL = ("allofterms", "anyofterms", "alloftext", "anyoftext")
REGEXES = ("/^A.*a$/", "/a/i", "/x\\/y/", "/[(]/")
LANGUAGES = ("en", "ru", ".", "en:ru", "ru:en", "*", "zh-Hans")


class Expressions:
    """Makes parts of one document out of `chance`, and remembers its variables."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._uids: list[str] = []
        self._values: list[str] = []
        self._declared: list[tuple[str, str]] = []
        self._spreads: list[str] = []
        self._late: list[tuple[str, bool]] = []
        self._count = 0

    def one_of(self, *options: str) -> str:
        """Return one of `options`."""
        return self._chance.choice(options)

    def rarely(self, share: float = 0.1) -> bool:
        """Return True in about that share of cases."""
        return self._chance.random() < share

    def fresh(self, stem: str = "v") -> str:
        """Return a name not given before in this document."""
        self._count += 1
        return f"{stem}{self._count}"

    def space(self) -> str:
        """Return white space, or a comment."""
        return self.one_of(" ", " ", " ", "\n", "\t", "\r\n", " # a comment {\n", "  ")

    def declared(self, kind: str) -> str:
        """Return a variable of that type, declared at the head."""
        for name, other in self._declared:
            if other.rstrip("!") == kind and self.rarely(0.6):
                return name
        name = "$" + self.fresh("d")
        self._declared.append((name, kind + ("!" if self.rarely(0.3) else "")))
        return name

    def value(self) -> str:
        """Return a value variable, most often one that is defined."""
        return self._some(self._values)

    def _some(self, known: list[str]) -> str:
        """Return a variable of those `known`, else one that is defined nowhere, if only now and then."""
        if known:
            return self._chance.choice(known)
        if not self.rarely(0.1):
            known.append(self.fresh("late"))
            self._late.append((known[-1], known is self._values))
            return known[-1]
        return self.fresh("w")

    def uids(self) -> str:
        """Return a uid variable, most often one that is defined."""
        return self._some(self._uids)

    def function(self, depth: int = 0) -> str:
        """Return a function of a predicate."""
        predicate, edge = self.one_of(*SCALARS), self.one_of(*EDGES)
        compare = self.one_of("eq", "le", "ge", "gt", "lt", "EQ")
        value = self.one_of(*STRINGS)
        language = "@" + self.one_of("en", "ru", ".", "en") if self.rarely(0.2) else ""
        options: list[Callable[[], str]] = [
            lambda: f"{compare}({predicate}{language}, {value})",
            lambda: f"{compare}({predicate}, {self.declared('string')})",
            lambda: f"{compare}(vd_age, -{self._chance.randrange(50)})",
            lambda: f"{compare}(count({edge}), {self._chance.randrange(3)})",
            lambda: f"eq({predicate}, [{value}, {self.one_of(*STRINGS)}])",
            lambda: f"eq(vd_age, [{self.declared('int')}, 5])",
            lambda: f"between({predicate}, {value}, {self.one_of(*STRINGS)})",
            lambda: f"has({self.one_of(predicate, edge)}{language})",
            lambda: f"type({self.one_of('VdPerson', 'Nobody', '<VdPerson>', self.declared('string'))})",
            lambda: f"{self.one_of(*TEXTUAL)}(vd_name{language}, {value})",
            lambda: f"regexp(vd_name{language}, {self.one_of(*REGEXES)})",
            lambda: f"match(vd_name, {value}, {self._chance.randrange(9)})",
            lambda: f"uid_in({edge}, {self.one_of('0x1', '[0x1, 0x2]', '1')})",
            lambda: f"near(vd_loc, [-122.4, 37.7], {self._chance.randrange(1000)})",
            lambda: "within(vd_loc, [[[0.0, 1], [1, 1], [1, 0.5], [0.0, 1]]])",
            lambda: f"similar_to(vd_vec, 3, {self.vector()}{self.option()})",
            lambda: f"{self.one_of('eq', 'gt')}(val({self.value()}), {value})",
            lambda: f"gt(len({self.uids()}), 0)",
            lambda: f"uid({self.uids()}, 0x5)",
        ]
        return self._chance.choice(options)()

    def vector(self) -> str:
        """Return what similar_to compares with."""
        return self.one_of('"[1.0, 2.0]"', "0x1", self.declared("string"))

    def option(self) -> str:
        """Return an option of similar_to, or none."""
        return self.one_of("", "", ", ef: 40", ", distance_threshold: 1.5", ", ef: 4, distance_threshold: -1")

    def filter(self, depth: int = 0) -> str:
        """Return a boolean expression."""
        if depth > 2 or self.rarely(0.5):
            return self.function()
        if self.rarely(0.03):
            return ""
        inner = self.filter(depth + 1)
        if self.rarely(0.3):
            return self.one_of(f"not {inner}", f"({inner})", f"NOT ({inner})")
        second = self.filter(depth + 1)
        return self.one_of(
            f"{inner} and {second}", f"{inner} OR {second}", f"NOT ({inner} or {second})",
            f"{inner}{self.space()}AND not {second}",
        )  # fmt: skip

    def math(self, depth: int = 0) -> str:
        """Return an expression of math()."""
        if depth > 2 or self.rarely(0.3):
            if self.rarely(0.4):
                return self.value()
            return self.declared("int") if self.rarely(0.1) else self.one_of("1", "2.5", "7", "1e3", "0")
        one, two = self.math(depth + 1), self.math(depth + 1)
        operator = self.one_of("+", "-", "*", "/", "%", "<", ">", "<=", ">=", "==", "!=")
        return self.one_of(
            f"{one} {operator} {two}", f"({one}) {operator} {two}", f"-{one}",
            f"{one}{operator} {two}",
            f"{self.one_of('exp', 'ln', 'sqrt', 'floor', 'ceil', 'since')}({one})",
            f"cond({one} < {two}, {one}, {two})",
            f"{self.one_of('pow', 'logbase', 'max', 'min')}({one}, {two})",
        )  # fmt: skip
