"""`docs/routing.md`, held against what decides."""

import re
from dataclasses import fields
from pathlib import Path

from otterd.config.schema import Balancer, Config
from otterd.core.judge import STREAM, TABLE, Kind, Next
from otterd.core.slots import Lane
from otterd.core.standing import Status
from otterd.ops.instruments import Metrics

DOCS = Path(__file__).parents[2] / "docs"
ROUTING = (DOCS / "routing.md").read_text()


def section(title: str) -> str:
    return ROUTING.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def rows(text: str) -> list[list[str]]:
    """Return the cells of a table's rows, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def quoted(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_every_rule_of_the_judge_is_told_as_it_is_with_its_reason() -> None:
    told = rows(ROUTING.partition("<!-- retries -->\n")[2].partition("<!-- end -->")[0])
    assert len(Kind) == 4 + len([Kind.STREAM])
    assert [[cell.strip("`") for cell in row[:5]] for row in told] == [
        [str(verdict), *map(str, follows)] for verdict, follows in TABLE.items()
    ]
    assert all(row[5].endswith(".") for row in told)


def test_the_rules_for_a_stream_are_told() -> None:
    [told] = [line for line in section("Trying again").splitlines() if line.startswith("A *stream*")]
    for verdict, follows in STREAM.items():
        assert f"`{verdict}` is `{follows}`" in told
    assert f"`{Next.TELL}`" in told


def test_every_policy_is_told() -> None:
    told = [name for row in rows(section("Policies")) for name in quoted(row[0])]
    assert sorted(told) == sorted(each.value for each in Balancer)


def test_every_lane_is_told() -> None:
    assert sorted(quoted(row[0])[0] for row in rows(section("Overload"))) == sorted(
        lane.value for lane in Lane
    )


def test_every_way_out_of_the_choice_is_told() -> None:
    told = set(quoted(section("Health"))) & {status.value for status in Status}
    assert told == {"down", "hanging", "ejected", "lagging"}


def test_keys_and_metrics_that_are_named_exist() -> None:
    known = {field.name for field in fields(Config)} | set(Metrics().registry.families) | {"start_ts"}
    words = {each for each in quoted(ROUTING) if re.fullmatch(r"[a-z]+(_[a-z]+)+", each)}
    assert words <= known


def test_links_lead_somewhere() -> None:
    for target, mark in re.findall(r"\]\(([^)#]+)#?([^)]*)\)", ROUTING):
        text = (DOCS / target).read_text()
        headings = {
            re.sub(r"[^\w -]", "", line.lstrip("# ").lower()).replace(" ", "-")
            for line in text.splitlines()
            if line.startswith("#")
        }
        assert not mark or mark in headings, (target, mark)
