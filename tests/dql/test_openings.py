"""What a text opens with."""

from otterd.dql.openings import begins_upsert, is_bare


def test_tells_an_upsert_by_its_first_word() -> None:
    assert begins_upsert(b" # upsert\n upsert{")
    assert not any(begins_upsert(text) for text in (b"{ upsert", b"upserts {", b"", b"# upsert"))


def test_tells_bare_n_quads_from_blocks() -> None:
    assert all(
        is_bare(text) for text in (b'_:a <n> "x" .', b"# c\n<1> <n> <2> .", b"uid(v) <n> * .", b"word")
    )
    assert not any(
        is_bare(text)
        for text in (
            b"{ set",
            b" # c\n{",
            b"upsert {",
            b"query {",
            b"fragment f",
            b"schema {}",
            b"mutation",
            b"",
            b" \n# x",
        )
    )
