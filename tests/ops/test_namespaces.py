"""Each log line says which module it is of, also where that is machine code, whose frames nobody sees."""

import importlib
import pkgutil

import pytest
from twisted.logger import Logger

import otterd

LOGGING = [
    name
    for _, name, _ in pkgutil.walk_packages(otterd.__path__, "otterd.")
    if not name.endswith(("__main__", "_pb2"))
    and isinstance(getattr(importlib.import_module(name), "log", None), Logger)
]


def test_modules_with_a_log_were_found() -> None:
    assert {"otterd.gateway.passage", "otterd.transport.eager"} <= set(LOGGING)


@pytest.mark.parametrize("name", LOGGING)
def test_a_log_is_named_after_its_module(name: str) -> None:
    log = importlib.import_module(name).log
    assert log.namespace == name
