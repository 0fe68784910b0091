"""A question put together by hand is what protobuf reads, and writes, itself."""

from hypothesis import given
from hypothesis import strategies as st

from otterd.wire import api_pb2 as api
from otterd.wire.question import question

LENGTHS = (0, 1, 127, 128, 16383, 16384, 2_097_152)


@given(st.text(), st.dictionaries(st.text(), st.text()))
def test_protobuf_reads_what_was_asked(text: str, variables: dict[str, str]) -> None:
    assert api.Request.FromString(question(text, variables)) == api.Request(query=text, vars=variables)


def test_lengths_of_every_size_are_told() -> None:
    for length in LENGTHS:
        text = "é" * length
        variables = {text: "", "": text}
        assert api.Request.FromString(question(text, variables)) == api.Request(query=text, vars=variables)


def test_the_bytes_are_those_of_protobuf() -> None:
    for text, variables in (("", {}), ("{ q }", {}), ("q" * 300, {"$a": "b"}), ("", {"": ""})):
        assert question(text, variables) == api.Request(query=text, vars=variables).SerializeToString()
    assert question("{ q }") == question("{ q }", {})
