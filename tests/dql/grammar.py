"""Query documents made from the grammar by chance: the same seed gives the same document.

Most of them an alpha takes; some miss a rule that the grammar alone does not show.
"""

from collections.abc import Callable

from tests.dql.expressions import EDGES, LANGUAGES, SCALARS, Expressions


class Grammar(Expressions):
    """Makes one document after the other."""

    def document(self) -> str:
        """Return a whole document."""
        self._uids, self._values, self._declared, self._spreads, self._late = [], [], [], [], []
        if self.rarely(0.03):
            return self.schema()
        blocks = [self.block() for _ in range(self._chance.choice((1, 1, 1, 2, 3)))]
        tail = ""
        for name in self._spreads:  # grows while fragments use others
            tail += f"{self.space()}fragment {name} {{ {self.one_of(*SCALARS)} {self.item(4)} }}"
        blocks += self._uses()
        self._chance.shuffle(blocks)
        return f"{self._head()}{{{self.space()}{self.space().join(blocks)}{self.space()}}}{tail}"

    def variables(self) -> dict[str, str]:
        """Return values to send with the last document."""
        values = {"uid": "0x1", "int": "3", "float": "1.5", "bool": "true", "string": "Ada"}
        return {name: values[kind.rstrip("!")] for name, kind in self._declared if kind[-1] == "!"}

    def _head(self) -> str:
        if self._declared:
            parts = []
            for name, kind in self._declared:
                default = {
                    "uid": '"0x1"',
                    "int": "4",
                    "float": "2.5",
                    "bool": "false",
                    "string": '"Ben"',
                }.get(kind)
                parts.append(
                    f"{name}: {kind.replace('uid', 'string')}" + (f" = {default}" if default else "")
                )
            return f"query q({', '.join(parts)}) "
        return self.one_of("", "", "", "query ", "query named ", "query q() ")

    def _uses(self) -> list[str]:
        """Return blocks that use all query variables defined."""
        if self.rarely(0.04):
            return []
        blocks = []
        for name, of_values in self._late:
            bound = f"var(func: has(vd_age)) {{ {name} as vd_age }}"
            blocks.append(bound if of_values else f"{name} as var(func: has(vd_age))")
        if self._uids:
            blocks.append(f"{self.fresh('u')}(func: uid({', '.join(self._uids)})) {{ uid }}")
        if self._values:
            fields = " ".join(f"{self.fresh('a')}: {self._of_value(name)}" for name in self._values)
            blocks.append(f"{self.fresh('s')}() {{ {fields} }}")
        return blocks

    def _of_value(self, name: str) -> str:
        return self.one_of(f"sum(val({name}))", f"max(val({name}))", f"math({name} + 1)", f"avg(val({name}))")

    def schema(self) -> str:
        """Return a schema request."""
        wanted = self.one_of("", "(pred: vd_name)", "(pred: [vd_name, vd_age])", "(type: VdPerson)")
        fields = self.one_of("", "type", "type index", "type index reverse tokenizer list")
        return f"schema{wanted} {{ {fields} }}"

    def block(self) -> str:
        """Return one block."""
        if self.rarely(0.06):
            ends = self.one_of(
                "from: 0x1, to: 0x2", "from: 0x1, to: 3, numpaths: 2", "from: uid(0x1), to: 0x2, depth: 3"
            )
            name = self.fresh("p")
            self._uids.append(name)
            return f"{name} as shortest({ends}, minweight: 0) {{ vd_friend @facets(since) vd_boss }}"
        name = self.one_of("var", self.fresh("b"), self.fresh("b"))
        if self.rarely(0.2):
            variable = self.fresh()
            self._uids.append(variable)
            name = f"{variable} {self.one_of('as', 'as', 'AS')} {name}"
        arguments = [f"func: {self.root()}", *self.paging()]
        body = "" if self.rarely(0.03) else "{" + self.body(1) + "}"
        return f"{name}({', '.join(arguments)}){self.space()}{self.root_directives()}{self.space()}{body}"

    def root(self) -> str:
        """Return a root function."""
        if self.rarely(0.25):
            return self.one_of(
                "uid(0x1)", "uid(0x1, 2)", "uid(1,2,3)", f"uid({self.declared('uid')})", "uid()"
            )
        return self.function()

    def paging(self) -> list[str]:
        """Return arguments of paging and order."""
        found = []
        if self.rarely(0.2):
            found.append(f"first: {self.one_of('5', '-2', '+3', self.declared('int'))}")
        if self.rarely():
            found.append(f"offset: {self.one_of('0', '2', self.declared('int'))}")
        if self.rarely():
            found.append(f"after: {self.one_of('0x0', '3')}")
        if self.rarely(0.15):
            found.append(
                f"{self.one_of('orderasc', 'orderdesc')}: {self.one_of('vd_name', 'vd_age', 'vd_name@en')}"
            )
            if self.rarely(0.3):
                found.append(f"orderdesc: {self.one_of('vd_age', 'vd_born', 'vd_born')}")
        self._chance.shuffle(found)
        return found

    def root_directives(self) -> str:
        """Return directives of a block."""
        found = []
        if self.rarely(0.3):
            found.append(f"@filter({self.filter()})")
        for directive, share in (
            ("@normalize", 0.06), ("@cascade", 0.06), ("@cascade(vd_name, vd_age)", 0.04),
            ("@ignorereflex", 0.03), ("@recurse(depth: 3, loop: false)", 0.04), ("@recurse", 0.03),
            ("@CASCADE", 0.01),
        ):  # fmt: skip
            if self.rarely(share):
                found.append(directive)
        return self.one_of(" ", "").join(found)

    def body(self, depth: int) -> str:
        """Return what stands in braces."""
        items = [self.item(depth) for _ in range(self._chance.choice((1, 1, 2, 2, 3, 4)))]
        return self.space() + self.space().join(items) + self.space()

    def item(self, depth: int) -> str:
        """Return one selection."""
        alias = f"{self.fresh('n')}: " if self.rarely(0.5) else ""
        if depth < 4 and self.rarely(0.35):
            return self.edge(alias, depth)
        choice = self._chance.randrange(14)
        if choice < 5:
            language = "@" + self.one_of(*LANGUAGES) if self.rarely(0.3) else ""
            return f"{self._bound(alias, values=True)}{self.one_of(*SCALARS)}{language}"
        if choice < 7:
            return self.one_of(
                "uid", "dgraph.type", "expand(_all_)", "expand(VdPerson) { uid }", f"{alias}count(uid)"
            )
        simple: list[Callable[[], str]] = [
            lambda: f"{self._bound(alias, values=True)}count({self.one_of(*EDGES)})",
            lambda: f"{alias}count(vd_friend @filter({self.function()}))",
            lambda: (alias or "ok: ") + 'checkpwd(vd_pass, "secret")',
            self.spread,
            lambda: f"{alias or 'm: '}math({self.math()})",
            lambda: f"expand(_all_) @filter(type(VdPerson)) {{ {self.one_of(*SCALARS)} }}",
            lambda: f"{alias}val({self.value()})",
        ]
        return self._chance.choice(simple)()

    def spread(self) -> str:
        """Return the use of a fragment."""
        name = self._chance.choice(self._spreads) if self._spreads and self.rarely(0.4) else self.fresh("f")
        if name not in self._spreads:
            self._spreads.append(name)
        return f"...{name}"

    def _bound(self, alias: str, *, values: bool) -> str:
        """Return `alias`, now and then with a variable before it."""
        if not self.rarely(0.15):
            return alias
        name = self.fresh("x")
        (self._values if values else self._uids).append(name)
        return f"{name} as {alias}"

    def edge(self, alias: str, depth: int) -> str:
        """Return a selection with others in it."""
        text = self._bound(alias, values=False) + self.one_of(*EDGES)
        if self.rarely(0.15):
            keys = self.one_of("vd_age", "vd_age, vd_alive", "n: vd_age", "vd_name@en", "n: vd_age, vd_alive")
            inner = self.one_of("count(uid)", "count(uid) max(vd_age)", "c: count(uid)", "a: min(vd_height)")
            return f"{text} @groupby({keys}) {{ {inner} }}"
        paging = self.paging()
        parts = [f"({', '.join(paging)})"] if paging else []
        if self.rarely(0.2):
            parts.append(f"@filter({self.filter()})")
        if self.rarely(0.2):
            parts.append(self.facets())
        if self.rarely(0.05):
            parts.append(self.one_of("@cascade", "@normalize", "@cascade(vd_name)"))
        self._chance.shuffle(parts)
        return f"{text} {' '.join(parts)} {{{self.body(depth + 1)}}}"

    def facets(self) -> str:
        """Return a directive of facets."""
        if self.rarely(0.1):
            name = self.fresh("x")
            self._values.append(name)
            return f"@facets({name} as close)"
        return self.one_of(
            "@facets", "@facets()", "@facets(since)", "@facets(since, close)", "@facets(s: since)",
            "@facets(orderasc: since)", "@facets(orderdesc: since, close)", "@facets(eq(close, true))",
            "@facets(eq(close, true) and not ge(since, 5))", "@facets @facets(eq(close, true))",
        )  # fmt: skip
