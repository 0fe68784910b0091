"""Queries that an alpha can run, out of the grammar: the same seeds give the same texts.

Three forms are left out, since a v25.4 alpha panics on them:

* `@groupby(a) { max(b) }` with a `b` that has no schema: it takes the first of no values;
* `eq(val(count(a)), 1)`: its parser calls on a function that is not there;
* `@filter(has(a) AND match(b, "x", 3))`, the same with OR: it takes out nodes of the very list that
  the other functions of the filter read at that moment.
"""

from collections.abc import Callable
from random import Random

from tests.live.query_literals import EDGES, NUMBERS, SCALARS, SORTED, Literals, comparisons

LANGUAGES = ("en", "ru", ".", "en:ru", "ru:en", "*")


class Queries:
    """Makes one query after the other; `chance` decides how it is built, `literals` what it compares with.

    A variable is used only in blocks after the one that sets it, so that none waits for itself.
    """

    def __init__(self, chance: Random, literals: Random) -> None:
        self._chance = chance
        self._some = Literals(literals)
        self._count = 0
        self._begin()

    def _begin(self) -> None:
        self._uids: list[str] = []
        self._numbers: list[str] = []
        self._new_uids: list[str] = []
        self._new_numbers: list[str] = []
        self._used: set[str] = set()
        self._fragments: dict[str, str] = {}
        self._declared: dict[str, tuple[str, str]] = {}

    def document(self) -> tuple[str, dict[str, str]]:
        """Return a query and the values of its variables."""
        self._begin()
        if self._rarely(0.02):
            return f"schema(pred: [{self._of('sd_name', 'sd_age')}, sd_boss]) {{ type index }}", {}
        blocks = []
        for _ in range(self._chance.choice((1, 1, 2, 2, 3))):
            blocks.append(self._block())
            self._uids += self._new_uids
            self._numbers += self._new_numbers
            self._new_uids, self._new_numbers = [], []
        if unused := [name for name in self._uids if name not in self._used]:
            blocks.append(f"{self._fresh('q')}(func: uid({', '.join(unused)})) {{ uid }}")
        if unused := [name for name in self._numbers if name not in self._used]:
            fields = [f"{self._of('min', 'max', 'sum', 'avg')}(val({name}))" for name in unused]
            blocks.append(f"{self._fresh('q')}() {{ {self._space().join(fields)} }}")
        self._chance.shuffle(blocks)
        parts = ["{" + self._space() + self._space().join(blocks) + self._space() + "}"]
        parts += [f"fragment {name} {{ {body} }}" for name, body in self._fragments.items()]
        return self._head() + self._space().join(parts), self._sent()

    def _head(self) -> str:
        if not self._declared:
            return self._of("", "", "query ", "query q() ")
        listed = []
        for name, (kind, value) in self._declared.items():
            default = f' = "{value}"' if kind == "string" else f" = {value}"
            listed.append(f"${name}: {kind}{default if self._defaulted(name) else ''}")
        return f"query q({', '.join(listed)}) "

    def _sent(self) -> dict[str, str]:
        declared = self._declared.items()
        return {f"${name}": value for name, (_, value) in declared if not self._defaulted(name)}

    @staticmethod
    def _defaulted(name: str) -> bool:
        return int(name[1:]) % 2 == 0

    def _of(self, *options: str) -> str:
        return self._chance.choice(options)

    def _rarely(self, share: float = 0.1) -> bool:
        return self._chance.random() < share

    def _fresh(self, stem: str) -> str:
        self._count += 1
        return f"{stem}{self._count}"

    def _space(self) -> str:
        return self._of(" ", " ", " ", "\n", "\t", "\r\n", " # eq(sd_x, {\n", "  ")

    def _variable(self, kind: str, value: str) -> str:
        name = self._fresh("d")
        self._declared[name] = (kind, value.strip('"'))
        return "$" + name

    def _use(self, known: list[str]) -> str:
        name = self._chance.choice(known)
        self._used.add(name)
        return name

    def _number(self) -> str:
        """Return a new variable of values."""
        self._new_numbers.append(self._fresh("x"))
        return self._new_numbers[-1]

    def _function(self, *, root: bool = False, whole: bool = True) -> str:
        word = self._of("eq", "le", "ge", "gt", "lt", "EQ", "Ge")
        options = comparisons(self._some, word, self._of(*EDGES[:4]), self._of(*NUMBERS))
        options += [
            lambda: f"eq(sd_name, {self._variable('string', self._of('Ada', 'Ben'))})",
            lambda: f"eq(sd_age, [{self._variable('int', self._some.whole())}, 36])",
            lambda: f"regexp(sd_name, {self._variable('string', '/Ada/')})",
            lambda: f"has(<{self._variable('string', self._some.predicate())}>)",
        ]
        if whole:
            options.append(lambda: f"match(sd_name, {self._some.name()}, {self._some.few()})")
        if self._numbers:
            options += [lambda: f"{word}(val({self._use(self._numbers)}), {self._some.whole()})"] * 3
        if self._uids:
            options += [lambda: f"uid({self._use(self._uids)}, {self._some.uid()})"] * 2
            options.append(lambda: f"gt(len({self._use(self._uids)}), {self._some.whole()})")
        if root:
            options += [
                lambda: f"similar_to(sd_vec, {self._some.few()}, {self._some.vector()})",
                lambda: f"uid({self._variable('string', self._some.uid())})",
            ]
        else:
            options += [
                lambda: f"uid_in({self._of(*EDGES[:4])}, [{self._some.uid()}, {self._some.uid()}])",
            ] * 2
            if self._uids:
                options += [lambda: f"uid_in({self._of(*EDGES[:4])}, uid({self._use(self._uids)}))"] * 2
        return self._chance.choice(options)()

    def _filter(self, depth: int = 0) -> str:
        if depth > 1 or self._rarely(0.6):
            return self._function(whole=not depth)
        one, two = self._filter(depth + 1), self._filter(depth + 1)
        return self._of(
            f"{one} and {two}",
            f"({one}) OR {two}",
            f"not {self._function(whole=False)}",
            f"NOT ({one} or not {two})",
        )

    def _paging(self, *, after: bool = True) -> list[str]:
        found = []
        if self._rarely(0.2):
            count = self._variable("int", self._some.few()) if self._rarely(0.3) else self._some.few()
            found.append(f"first: {count}")
        if self._rarely():
            found.append(
                f"offset: {self._of('0', self._variable('int', '1'))}" if self._rarely() else "offset: 1"
            )
        if self._rarely(0.25):
            key = (
                f"val({self._use(self._numbers)})"
                if self._numbers and self._rarely(0.4)
                else self._of(*SORTED)
            )
            found.append(f"{self._of('orderasc', 'orderdesc')}: {key}")
            if self._rarely(0.3) and key in SORTED:
                found.append("orderdesc: sd_age")
        elif after and self._rarely():
            found.append(f"after: {self._some.uid()}")
        return found

    def _block(self) -> str:
        chance = self._chance.random()
        if chance < 0.05:
            name = self._fresh("p")
            self._new_uids.append(name)
            start, end = self._some.uid(), self._some.uid()
            edges = self._of("sd_friend @facets(since)", "sd_friend", "sd_friend @filter(has(sd_name))")
            return f"{name} as shortest(from: {start}, to: {end}, numpaths: 2) {{ {edges} sd_boss }}"
        if chance < 0.11 and self._numbers:
            x = self._use(self._numbers)
            return f"{self._fresh('q')}() {{ max(val({x})) m: sum(val({x})) }}"
        name = self._of("var", self._fresh("q"), self._fresh("q"))
        if self._rarely(0.25):
            self._new_uids.append(self._fresh("u"))
            name = f"{self._new_uids[-1]} {self._of('as', 'AS')} {name}"
        head = f"{name}({', '.join([f'func: {self._function(root=True)}', *self._paging()])})"
        found = [f"@filter({self._filter()})"] if self._rarely(0.3) else []
        if self._rarely(0.06):
            return f"{head} {' '.join(found)} {self._groupby()}"
        if self._rarely(0.07):
            loops = self._of("@recurse(depth: 3)", "@recurse(depth: 2, loop: true)")
            body = self._of("sd_friend sd_name", "~sd_boss <7> uid", "sd_friend @filter(has(sd_name)) sd.dot")
            return f"{head} {' '.join(found)} {loops} {{ {body} }}"
        for directive in ("@normalize", "@cascade", "@cascade(sd_name, sd_age)", "@ignorereflex", "@CASCADE"):
            if self._rarely(0.04):
                found.append(directive)
        return f"{head} {' '.join(found)} {{{self._body(1)}}}"

    def _groupby(self) -> str:
        keys = self._of("sd_age", "n: sd_age, sd_alive", "sd_name@en", "sd_friend", "<7>, k: sd-dash")
        inner = self._of(
            "count(uid)", "count(uid) max(sd_age)", "c: min(sd_height)", "count(uid) a: sum(sd-dash)"
        )
        return f"@groupby({keys}) {{ {inner} }}"

    def _math(self) -> str:
        x = self._use(self._numbers)
        one, two = self._some.whole(), self._some.few()
        return self._of(
            f"{x} + {one}", f"-({x} * {two})",
            f"cond({x} > {one}, 1, {x})", f"sqrt({x}) / {two}", f"since({x})",
            f"pow({x}, {two}) - max({x}, {one})",
        )  # fmt: skip

    def _body(self, depth: int) -> str:
        if self._rarely(0.03):
            inside = self._of("", " { uid sd.dot }", " @filter(type(SdPerson)) { sd_age }")
            return f" expand({self._of('_all_', 'SdPerson', 'SdPet')}){inside} "
        items = [self._item(depth) for _ in range(self._chance.choice((1, 2, 2, 3, 4)))]
        once = dict.fromkeys(items)  # no fragment twice
        return self._space() + self._space().join(once) + self._space()

    def _item(self, depth: int) -> str:
        alias = self._fresh("n") + ": "
        if depth < 4 and self._rarely(0.35):
            return self._edge(alias, depth)
        options: list[Callable[[], str]] = [
            lambda: alias + self._of(*SCALARS),
            lambda: alias + self._of(*SCALARS),
            lambda: f"{alias}sd_name@{self._of(*LANGUAGES)}",
            lambda: f"{alias}{self._of('uid', 'dgraph.type')}",
            lambda: f"{alias}count({self._of(*EDGES)})",
            lambda: f"{alias}count({self._of(*EDGES[:4])} @filter({self._function()}))",
            lambda: f"{self._number()} as {alias}{self._of(*NUMBERS)}",
            lambda: f"{self._number()} as {alias}count({self._of(*EDGES[:4])})",
            lambda: f"{alias}checkpwd(sd_pass, {self._some.name()})",
            lambda: f"{alias}count(uid)",
            self._spread,
        ]
        if self._numbers:
            options += [
                lambda: f"{alias}val({self._use(self._numbers)})",
                lambda: f"{alias}math({self._math()})",
            ]
        return self._chance.choice(options)()

    def _spread(self) -> str:
        if self._fragments and self._rarely(0.4):
            return f"...{self._of(*self._fragments)}"
        name = self._fresh("f")
        fields = f"{self._fresh('n')}: {self._of(*SCALARS)} {self._fresh('n')}: {self._of(*EDGES)}"
        self._fragments[name] = f"{fields} @filter({self._function()}) {{ {self._of(*SCALARS)} }}"
        return f"...{name}"

    def _edge(self, alias: str, depth: int) -> str:
        text = alias + self._of(*EDGES)
        if self._rarely():
            return f"{text} {self._groupby()}"
        parts = [f"@filter({self._filter()})"] if self._rarely(0.25) else []
        paging = self._paging()
        if self._rarely(0.2):
            parts.append(self._facets(ordered=any("order" in each for each in paging)))
        if self._rarely(0.05):
            parts.append(self._of("@cascade", "@cascade(sd_name)"))
        self._chance.shuffle(parts)
        if paging:
            parts.insert(0, f"({', '.join(paging)})")
        if self._rarely():
            x, inner, outer = self._number(), self._fresh("n"), self._fresh("n")
            below = f"{text} {' '.join(parts)} {{ {x} as {inner}: {self._of(*NUMBERS)} }}"
            return below + self._of("", f" {outer}: {self._of('min', 'sum', 'avg')}(val({x}))")
        return f"{text} {' '.join(parts)} {{{self._body(depth + 1)}}}"

    def _facets(self, *, ordered: bool) -> str:
        if self._rarely(0.2):
            return f"@facets({self._number()} as since)"
        return self._of(
            "@facets", "@facets(since, c: close)", "@facets" if ordered else "@facets(orderdesc: since)",
            "@facets(eq(close, true))",
            f"@facets(gt(since, {self._some.whole()})) @facets(since)",
        )  # fmt: skip
