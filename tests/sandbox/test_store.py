"""Versions, open transactions, and the view of them."""

import pytest

from otterd.sandbox.failures import Failed
from otterd.sandbox.schema import Predicate, Schema
from otterd.sandbox.store import UNTAGGED, Change, Edit, Posting, Store
from otterd.sandbox.values import Value

SCHEMA = Schema(
    {
        "name": Predicate("name", "string", lang=True),
        "age": Predicate("age", "int"),
        "friend": Predicate("friend", "uid", is_list=True, reverse=True),
        "boss": Predicate("boss", "uid"),
    }
)


@pytest.fixture
def store():
    return Store()


def text(uid, value, *, pred="name", lang="", id=UNTAGGED):
    return Edit(0, pred, uid, Change.PUT, id, Posting(Value("string", value), lang=lang))


def edge(uid, target, *, pred="friend", single=False):
    return Edit(0, pred, uid, Change.PUT, target, Posting(target=target), single=single)


def view(store, ts):
    return store.view(0, ts, SCHEMA)


def texts(view, pred="name", uid=1):
    return [posting.value.data for posting in view.values(pred, uid)]


def test_a_read_sees_what_was_committed_at_or_before_its_timestamp(store):
    store.stage(1, [text(1, "old")])
    store.commit(1, 2)
    store.stage(3, [text(1, "new")])
    store.commit(3, 4)
    assert [texts(view(store, ts)) for ts in (1, 2, 3, 4, 5)] == [[], ["old"], ["old"], ["new"], ["new"]]


def test_what_is_staged_is_seen_by_its_own_transaction_only(store):
    store.stage(5, [text(1, "mine")])
    assert texts(view(store, 5)) == ["mine"]
    assert texts(view(store, 6)) == []
    assert view(store, 5).has("name") == [1]
    assert store.open() == {5}


def test_an_abort_leaves_nothing(store):
    store.stage(5, [text(1, "mine")])
    store.abort(5)
    assert texts(view(store, 5)) == []
    assert not store.open()


def test_edits_of_two_transactions_of_one_cell_add_up(store):
    store.stage(1, [edge(1, 7)])
    store.stage(2, [edge(1, 8)])
    store.commit(2, 3)
    store.commit(1, 4)
    assert [posting.target for posting in view(store, 9).targets("friend", 1)] == [7, 8]


def test_a_predicate_of_one_edge_holds_the_last(store):
    store.stage(1, [edge(1, 7, pred="boss", single=True)])
    store.commit(1, 2)
    store.stage(3, [edge(1, 5, pred="boss", single=True)])
    store.commit(3, 4)
    assert [posting.target for posting in view(store, 9).targets("boss", 1)] == [5]


def test_reverse_edges_follow_from_the_edges(store):
    store.stage(1, [edge(1, 7), edge(2, 7), edge(7, 1)])
    store.commit(1, 2)
    assert [posting.target for posting in view(store, 2).sources("friend", 7)] == [1, 2]
    assert [posting.target for posting in view(store, 2).targets("~friend", 1)] == [7]
    assert view(store, 2).has("~friend") == [1, 7]


def test_clearing_a_cell_takes_every_language(store):
    store.stage(1, [text(1, "a"), text(1, "b", lang="de", id=5)])
    store.commit(1, 2)
    assert texts(view(store, 2)) == ["b", "a"]
    assert view(store, 2).value("name", 1, "de").value.data == "b"
    store.stage(3, [Edit(0, "name", 1, Change.CLEAR)])
    store.commit(3, 4)
    assert view(store, 4).has("name") == []


def test_dropping_one_posting_leaves_the_others(store):
    store.stage(1, [edge(1, 7), edge(1, 8)])
    store.stage(1, [Edit(0, "friend", 1, Change.DROP, 7)])
    store.commit(1, 2)
    assert [posting.target for posting in view(store, 2).targets("friend", 1)] == [8]


def test_values_come_as_the_schema_has_them_by_now(store):
    store.stage(1, [text(1, "36", pred="age"), text(2, "many", pred="age")])
    store.commit(1, 2)
    assert texts(view(store, 2), "age", 1) == [36]
    with pytest.raises(Failed):
        view(store, 2).values("age", 2)
    assert view(store, 2).has("age") == [1, 2]


def test_a_dropped_predicate_is_gone_in_every_version(store):
    store.stage(1, [text(1, "a")])
    store.commit(1, 2)
    store.drop((0, "name"))
    assert view(store, 2).has("name") == []


def test_namespaces_do_not_see_each_other(store):
    store.stage(1, [text(1, "a")])
    store.commit(1, 2)
    assert store.view(1, 2, SCHEMA).has("name") == []
