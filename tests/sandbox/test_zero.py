"""What zero hands out and decides."""

import pytest

from otterd.sandbox.zero import Member, Zero


@pytest.fixture
def decisions():
    return []


@pytest.fixture
def zero(decisions):
    zero = Zero("localhost:5080", lambda start_ts, commit_ts: decisions.append((start_ts, commit_ts)))
    zero.membership.members[1] = Member(1, 1, "localhost:7080", leader=True)
    zero.membership.members[2] = Member(2, 1, "localhost:7081")
    zero.place(0, "name", 1)
    return zero


def test_read_only_timestamps_stand_still_while_nothing_happens(zero):
    first = zero.read_only_timestamp()
    assert zero.read_only_timestamp() == first
    zero.timestamp()
    later = zero.read_only_timestamp()
    assert later > first
    assert zero.read_only_timestamp() == later


def test_a_commit_moves_read_only_timestamps(zero):
    first = zero.read_only_timestamp()
    commit_ts = zero.commit(zero.timestamp(), ["a"], ["1-0-name"])
    assert zero.read_only_timestamp() > commit_ts > first


def test_the_later_of_two_writers_of_one_key_is_aborted(zero, decisions):
    one, two = zero.timestamp(), zero.timestamp()
    commit_ts = zero.commit(one, ["a", "b"], ["1-0-name"])
    assert commit_ts > two
    assert zero.commit(two, ["b"], ["1-0-name"]) == 0
    assert decisions == [(one, commit_ts), (two, 0)]


def test_a_writer_that_began_after_the_commit_is_not(zero):
    zero.commit(zero.timestamp(), ["a"], [])
    assert zero.commit(zero.timestamp(), ["a"], [])


def test_a_repeated_commit_is_aborted_by_its_own_keys_and_stays_committed(zero, decisions):
    start_ts = zero.timestamp()
    commit_ts = zero.commit(start_ts, ["a"], [])
    assert zero.commit(start_ts, ["a"], []) == 0
    assert zero.commit(start_ts, [], []) == commit_ts
    assert decisions == [(start_ts, commit_ts)]


def test_an_abort_after_the_commit_changes_nothing(zero, decisions):
    start_ts = zero.timestamp()
    zero.commit(start_ts, ["a"], [])
    zero.abort(start_ts)
    assert len(decisions) == 1
    assert zero.decision(start_ts)


def test_a_commit_after_the_abort_is_aborted(zero):
    start_ts = zero.timestamp()
    zero.abort(start_ts)
    assert zero.commit(start_ts, ["a"], []) == 0


@pytest.mark.parametrize("pred", ["2-0-name", "1-1-name", "1-0-other", "1-zz-name", "name"])
def test_a_commit_to_a_tablet_that_is_elsewhere_is_aborted(zero, pred):
    assert zero.commit(zero.timestamp(), [], [pred]) == 0


def test_a_commit_during_a_move_is_aborted(zero):
    zero.begin_move(0, "name")
    assert zero.commit(zero.timestamp(), [], ["1-0-name"]) == 0
    zero.end_move(0, "name", 2)
    assert zero.commit(zero.timestamp(), [], ["2-0-name"])
    assert zero.membership.tablets[0, "name"].move_ts


def test_the_first_writer_decides_where_a_predicate_lives(zero):
    assert zero.place(0, "age", 3) == 3
    assert zero.place(0, "age", 1) == 3
    assert zero.place(0, "dgraph.type", 3) == 1


def test_uids_are_leased_in_blocks(zero):
    assert zero.max_uid == 0
    assert zero.uids(3) == 1
    assert zero.uids(1) == 4
    assert zero.max_uid == 10_000


def test_an_election_leaves_one_leader(zero):
    before = zero.membership.counter
    zero.elect(1, 2, now=77)
    leader = zero.membership.leader(1)
    assert leader is not None
    assert (leader.id, leader.updated) == (2, 77)
    assert not zero.membership.members[1].leader
    assert zero.membership.counter > before


def test_state_has_64_bit_numbers_as_texts(zero):
    zero.timestamp()
    state = zero.state()
    assert state["maxTxnTs"] == "10000"
    group = state["groups"]["1"]
    assert group["members"]["2"]["addr"] == "localhost:7081"
    assert group["members"]["2"]["id"] == "2"
    assert group["tablets"]["0-name"]["groupId"] == 1
    assert group["tablets"]["0-name"]["moveTs"] == "0"
