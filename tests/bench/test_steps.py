import json
import subprocess
import sys

from bench.running import ROOT
from bench.sampled import place
from bench.steps import rooms, steps

COUNTS = [("otterd.b", "slow", 60), ("otterd.a", "f", 20), ("otterd.a", "g", 19), ("otterd.c", "rare", 1)]


def test_a_step_gets_its_part_of_a_call_and_the_dearest_comes_first():
    assert steps(COUNTS, 50.0) == [
        ["otterd.b", "slow", "30.0", "60%"],
        ["otterd.a", "f", "19.5", "39%"],
        ["otterd.c", "rare", "0.5", "1%"],
        ["all else", "", "0.0", "0%"],
        ["together", "", "50.0", "100%"],
    ]


def test_steps_that_are_next_to_nothing_are_shown_as_one():
    many = [("otterd.big", "f", 991), *((f"otterd.small{n}", "f", 1) for n in range(9))]
    assert [line[0] for line in steps(many, 1.0)] == ["otterd.big", "all else", "together"]


def test_rooms_are_packages_of_otters_and_whole_libraries():
    counts = [
        ("otterd.edges.http.a", "f", 2),
        ("otterd.edges.http.b", "f", 3),
        ("otterd.ops.c", "f", 4),
        ("twisted.x.y", "f", 1),
    ]
    assert [line[0] for line in rooms(counts, 1.0)] == ["otterd.edges.http", "otterd.ops", "twisted"]


def test_nothing_seen_is_no_error():
    assert steps([], 10.0)[-1][0] == "together"


def test_no_stack_is_nowhere():
    assert place(None) == ("", "")


def test_a_library_counts_for_the_module_of_otters_that_called_it():
    def library(found):
        found.append(place(sys._getframe()))

    found: list[tuple[str, str]] = []
    room = {"__name__": "otterd.made", "library": library, "found": found}
    exec("def step():\n    library(found)\nstep()", room)
    library(found)
    assert found == [("otterd.made", "step"), (__name__, "library")]


def test_a_module_that_is_watched_runs_as_before_and_leaves_its_counts(tmp_path):
    told = tmp_path / "counts.json"
    busy = "sum(range(20_000_000)); import sys; print(sys.argv[1:])"
    (tmp_path / "busy.py").write_text(busy)
    command = [sys.executable, "-m", "bench.sampled", told, sys.executable, "-m", "busy", "word"]
    ran = subprocess.run(
        command, cwd=ROOT, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=True
    )
    assert ran.stdout == "['word']\n"
    assert sum(count for *_, count in json.loads(told.read_text())) > 0
