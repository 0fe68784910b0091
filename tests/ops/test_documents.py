"""The documents of operations, held against the code."""

import re
from dataclasses import fields
from pathlib import Path

import otterd.errors as errors
from otterd.config.schema import Config
from otterd.core.judge import Verdict
from otterd.ops.instruments import Metrics
from otterd.ops.line import Line

DOCS = Path(__file__).parents[2] / "docs"
OPERATIONS = (DOCS / "operations.md").read_text()
RUNBOOK = (DOCS / "runbook.md").read_text()


def block(name: str) -> str:
    return OPERATIONS.partition(f"<!-- {name} -->\n")[2].partition("<!-- end -->")[0]


def section(title: str) -> str:
    return OPERATIONS.partition(f"\n{title}\n")[2].partition("\n##")[0]


def quoted(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def first_column(text: str) -> list[str]:
    return [name for row in text.splitlines() if "|" in row for name in quoted(row.split("|")[1])]


def test_the_keys_that_change_while_running_are_those_of_the_schema() -> None:
    live = {field.name: bool(field.metadata["live"]) for field in fields(Config)}
    assert quoted(block("live keys")) == [name for name, may in live.items() if may]
    assert quoted(block("restart keys")) == [name for name, may in live.items() if not may]


def test_every_metric_is_told_as_it_is() -> None:
    rows = []
    for one in Metrics().registry.families.values():
        labels = ", ".join(f"`{label}`" for label in one.labels) or "–"
        rows.append(f"| `{one.name}` | {one.kind} | {labels} | {one.says} |")
    assert block("metrics").splitlines()[2:] == rows


def test_metrics_that_are_spoken_of_exist() -> None:
    spoken = set(re.findall(r"\botter_[a-z_]+", OPERATIONS + RUNBOOK))
    known = set(Metrics().registry.families)
    assert {name.removesuffix("_bucket") for name in spoken} <= known


def test_every_field_of_an_access_line_is_told() -> None:
    told = set(first_column(section("### Access lines")))
    assert told == {"ns", *Line.__struct_fields__}


def test_every_verdict_is_told() -> None:
    classes = [one for one in vars(errors).values() if isinstance(one, type)]
    words = {one.word for one in classes if issubclass(one, errors.OtterError)}
    told = first_column(section("### Verdicts"))
    assert sorted(told) == sorted({*map(str, Verdict), *words})


def test_keys_that_the_runbook_names_exist() -> None:
    keys = {field.name for field in fields(Config)}
    like_keys = {name for name in quoted(RUNBOOK) if re.fullmatch(r"[a-z]+(_[a-z]+)+", name)}
    assert {name for name in like_keys if not name.startswith(("otter_", "ms_"))} <= keys


def test_links_between_the_documents_lead_somewhere() -> None:
    for text in (OPERATIONS, RUNBOOK):
        for target in re.findall(r"\]\(([^)#]+)", text):
            assert (DOCS / target).exists(), target
