"""Short documents, each for one thing: what a query may hold, and where an alpha surprises.

`refusals.json` holds what an alpha (v25.4) answered to those that it refused;
`python -m tests.dql.record HOST:PORT` writes it anew.
"""

import json
from pathlib import Path

HERE = Path(__file__).parent / "corpus_texts"
REFUSALS = HERE / "refusals.json"


def documents() -> list[str]:
    """Return every document of the corpus."""
    bodies = [f"{{ q(func: uid(1)) {{ {line} }} }}" for line in _lines("bodies.txt")]
    return bodies + _lines("documents.txt")


def refusals() -> dict[str, str]:
    """Return an alpha's words by the document that it refused."""
    found: dict[str, str] = json.loads(REFUSALS.read_text())
    return found


def _lines(name: str) -> list[str]:
    return (HERE / name).read_text().strip("\n").split("\n")
