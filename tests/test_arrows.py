"""The arrows of the house: which room may import which, and who stays free of I/O."""

import ast
from pathlib import Path

import pytest
import uvloop
from twisted.internet.asyncioreactor import AsyncioSelectorReactor

ROOT = Path(__file__).parent.parent
HOUSE = ROOT / "otterd"
MODULES = sorted(path for path in HOUSE.rglob("*.py") if not path.name.endswith("_pb2.py"))

FREE_OF_IO = ("core", "wire", "dql")
IO = ("twisted", "autobahn", "asyncio", "grpc", "socket", "uvloop", "treq", "threading", "subprocess")

# What a room may import besides itself, errors, and the rooms named here. `__main__`, `options`
# and `service` wire all rooms and are nobody's import.
MAY_IMPORT = {
    "config": set(),
    "wire": set(),
    "dql": set(),
    "transport": {"config"},
    "core": {"config", "dql", "wire"},
    "guard": {"core", "config"},
    "alphas": {"core", "config", "wire", "transport"},
    "gateway": {"core", "config", "alphas", "dql", "guard"},
    "ops": {"core", "config", "alphas", "gateway", "transport"},
    "edges": {"core", "config", "wire", "guard", "gateway", "ops", "dql", "transport"},
    "sandbox": {"config", "core", "dql", "wire", "edges"},
    "errors": set(),
}
WIRING = ("service", "listeners", "options", "__main__", "__init__")


def room(path: Path) -> str:
    return path.relative_to(HOUSE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module or "")
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_imports_only_what_its_room_may(path: Path) -> None:
    here = room(path)
    if here in WIRING or path.name == "__main__.py":
        return
    rooms = {name.split(".")[1] for name in imports(path) if name.startswith("otterd.")}
    allowed = MAY_IMPORT[here] | {here, "errors", "__version__"}
    assert rooms <= allowed, f"{path.name} of room {here} imports {sorted(rooms - allowed)}"


@pytest.mark.parametrize(
    "path", [p for p in MODULES if room(p) in FREE_OF_IO], ids=lambda path: str(path.relative_to(HOUSE))
)
def test_pure_rooms_do_no_io(path: Path) -> None:
    assert not {name for name in imports(path) if name.split(".")[0] in IO}


def test_only_the_service_names_the_global_reactor() -> None:
    naming = {p for p in MODULES if "twisted.internet.reactor" in imports(p)}
    assert all(room(p) == "service" or p.name == "__main__.py" for p in naming)


def test_tests_run_on_the_services_reactor(reactor: AsyncioSelectorReactor) -> None:
    assert isinstance(reactor, AsyncioSelectorReactor)
    assert isinstance(reactor._asyncioEventloop, uvloop.Loop)
