"""Builds the hot rooms as machine code when OTTER_COMPILE is set; all else stands in setup.cfg.

What is left out is what mypyc cannot build, or what would gain nothing: classes that Twisted, autobahn or
msgspec make something of, and what runs seldom. The Structs that each request is made of are built as
plain classes: as machine code these are the quicker ones, and interpreted the Structs are.
"""

import ast
import os
import shutil
from pathlib import Path

from setuptools import Extension, setup

ROOMS = (
    "alphas/h2",
    "core",
    "core/balance",
    "edges/grpc",
    "edges/http",
    "edges/ws",
    "gateway",
    "guard",
    "wire",
    "wire/h2",
)
MODULES = (
    "alphas/awaited.py",
    "alphas/fields.py",
    "alphas/sight.py",
    "dql/cache.py",
    "dql/digest.py",
    "dql/fingerprint.py",
    "dql/generations.py",
    "ops/access.py",
    "ops/ledger.py",
    "ops/stamp.py",
)
STRUCTS = (
    "core/balance/policy.py",
    "core/operation.py",
    "edges/http/exchange.py",
    "edges/http/plan.py",
    "edges/http/turn.py",
    "guard/grant.py",
)
"""Modules whose Structs become plain classes."""

INTERPRETED = frozenset(
    (
        # Protocols and factories of Twisted's.
        "alphas/h2/attempt.py",
        "alphas/h2/protocol.py",
        "edges/grpc/connection.py",
        "edges/grpc/factory.py",
        "edges/http/connection.py",
        "edges/http/factory.py",
        "edges/ws/factory.py",
        "edges/ws/protocol.py",
        # Structs that msgspec decodes into.
        "edges/http/explain.py",
        "edges/http/login.py",
        "edges/http/query_text.py",
        "edges/http/upsert_form.py",
        "edges/ws/message.py",
        "core/claims.py",
        # A class that inherits from list.
        "guard/nodelocal.py",
        "wire/api_pb2.py",
    )
)

STAGE = Path("build", "native")
"""Where the sources stand as they are built."""


class Plain(ast.NodeTransformer):
    """Makes plain classes of the Structs of one module."""

    def __init__(self) -> None:
        self.fields: dict[str, list[ast.AnnAssign]] = {}

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        bases = [ast.unparse(base) for base in node.bases]
        above = next((self.fields[base] for base in bases if base in self.fields), None)
        if above is None and "msgspec.Struct" not in bases:
            return node
        own = [each for each in node.body if isinstance(each, ast.AnnAssign)]
        fields = self.fields[node.name] = [*(above or ()), *own]
        frozen = any(word.arg == "frozen" for word in node.keywords)
        node.bases = [base for base in node.bases if ast.unparse(base) != "msgspec.Struct"]
        node.keywords = []
        # Not one of the class's own: mypyc would have it as the default of every instance.
        rest = [each for each in node.body if each not in own]
        made = ast.parse("\n".join(_body(node.name, fields, len(fields) - len(own), frozen=frozen))).body
        defined = {each.name for each in rest if isinstance(each, ast.FunctionDef)}
        node.body = rest + [each for each in made if getattr(each, "name", "") not in defined]
        return node


def _body(name: str, fields: list[ast.AnnAssign], above: int, *, frozen: bool) -> list[str]:
    """Return the source of what a Struct has by itself: the constructor, equality, and how it is shown."""
    names = [ast.unparse(each.target) for each in fields]
    taken = ", ".join(ast.unparse(each) for each in fields)
    every = ", ".join(f"self.{each}" for each in names) + ","
    shown = ", ".join(f"{each}={{self.{each}!r}}" for each in names)
    lines = [
        *(f"{ast.unparse(each.target)}: {ast.unparse(each.annotation)}" for each in fields[above:]),
        f"def __init__(self, {taken}) -> None:",
        *(f"    self.{each} = {each}" for each in names),
        "def __eq__(self, other: object) -> bool:",
        f"    if type(self) is not type(other) or not isinstance(other, {name}):",
        "        return False",
        f"    return ({every}) == ({every.replace('self.', 'other.')})",
        "def __hash__(self) -> int:",
        f"    return hash(({every}))" if frozen else "    raise TypeError('unhashable')",
        "@property",
        "def __struct_fields__(self) -> tuple[str, ...]:",
        f"    return {tuple(names)!r}",
    ]
    return [*lines, "def __repr__(self) -> str:", f"    return f'{name}({shown})'"]


def hot() -> list[str]:
    """Return the files that are built, from the package's folder."""
    rooms = [
        path for room in ROOMS for path in Path("otterd", room).glob("*.py") if path.name != "__init__.py"
    ]
    found = [path.as_posix() for path in (*rooms, *(Path("otterd", name) for name in MODULES))]
    return sorted(name for name in found if name.removeprefix("otterd/") not in INTERPRETED)


def staged() -> list[str]:
    """Copy the package to where it is built from, with plain classes for Structs; return the hot files."""
    shutil.rmtree(STAGE, ignore_errors=True)
    shutil.copytree("otterd", STAGE / "otterd", ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    for name in STRUCTS:
        path = STAGE / "otterd" / name
        path.write_text(ast.unparse(ast.fix_missing_locations(Plain().visit(ast.parse(path.read_text())))))
    return [(STAGE / name).as_posix() for name in hot()]


def extensions() -> list[Extension]:
    """Return what is to be built: nothing unless it is asked for."""
    if not os.environ.get("OTTER_COMPILE"):
        return []
    from mypyc.build import mypycify

    # One piece of C for each module: a single one takes minutes, and gigabytes, to compile.
    return mypycify(staged(), opt_level="2", debug_level="0", multi_file=True)


setup(ext_modules=extensions())
