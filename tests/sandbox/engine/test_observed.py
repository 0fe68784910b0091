"""Questions and what a real alpha answered to them, over one small graph, in `observed.json`."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from otterd.sandbox.asking import Question
from otterd.sandbox.engine.answer import answer
from otterd.sandbox.failures import Failed
from otterd.sandbox.fingerprint import fingerprint
from otterd.sandbox.instants import parsed
from otterd.sandbox.schema import Predicate, Schema, Type, first_schema
from otterd.sandbox.store import UNTAGGED, Change, Edit, Posting, Store, View
from otterd.sandbox.values import Scalar, Value, converted

OBSERVED = json.loads(Path(__file__).with_name("observed.json").read_text())
CASES: list[dict[str, Any]] = OBSERVED["cases"]


@cache
def graph() -> tuple[View, Schema]:
    schema = first_schema()
    for known in OBSERVED["predicates"]:
        predicate = Predicate(**{**known, "tokenizers": tuple(known["tokenizers"])})
        schema.predicates[predicate.name] = predicate
    for known in OBSERVED["types"]:
        schema.types[known["name"]] = Type(known["name"], tuple(known["fields"]))
    store = Store()
    store.stage(1, [edit(row, schema) for row in OBSERVED["postings"]])
    store.commit(1, 2)
    return store.view(0, 3, schema), schema


def edit(row: dict[str, Any], schema: Schema) -> Edit:
    predicate = schema.predicates[row["pred"]]
    place = (0, row["pred"], int(row["uid"], 0))
    facets = {key: facet(text) for key, text in row.get("facets", {}).items()}
    if "to" in row:
        target = int(row["to"], 0)
        return Edit(*place, Change.PUT, target, Posting(target=target, facets=facets))
    value = converted(Value("default", row["value"]), predicate.kind)
    lang = row.get("lang", "")
    id = fingerprint(lang.encode()) if lang else UNTAGGED
    if predicate.is_list:
        id = fingerprint(value.stored())
    return Edit(*place, Change.PUT, id, Posting(value, lang=lang, facets=facets))


def facet(text: str) -> Scalar:
    if text[0] == '"':
        return str(json.loads(text))
    if text in ("true", "false"):
        return text == "true"
    if text.count("-") == 2:
        return parsed(text)
    return float(text) if "." in text else int(text)


def name(case: dict[str, Any]) -> str:
    how = "debug " if case.get("debug") else "rdf " if case.get("rdf") else ""
    return how + str(case["query"])


@pytest.mark.parametrize("case", CASES, ids=name)
def test_answers_as_an_alpha_did(case: dict[str, Any]) -> None:
    view, schema = graph()
    question = Question(
        case["query"],
        case.get("variables", {}),
        debug=case.get("debug", False),
        rdf=case.get("rdf", False),
    )
    if case.get("refused"):
        with pytest.raises(Failed, match=r"^sandbox: .* is not supported$"):
            answer(view, schema, question)
    elif "error" in case:
        with pytest.raises(Failed) as caught:
            answer(view, schema, question)
        assert caught.value.text == case["error"]
    else:
        result = answer(view, schema, question)
        text = (result.rdf if case.get("rdf") else result.json).decode()
        read = in_no_order if case.get("unordered") else str
        assert read(text) == read(case["answer"])
        assert dict(result.num_uids) == case["num_uids"]


def in_no_order(text: str) -> object:
    return json.loads(text) if text.startswith("{") else sorted(text.splitlines())
