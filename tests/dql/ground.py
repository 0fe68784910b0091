"""The schema and the facts that documents made by chance ask for."""

SCHEMA = """
vd_name: string @index(exact, term, trigram, fulltext) @lang .
vd_nick: [string] @index(hash) .
vd_age: int @index(int) @count .
vd_height: float @index(float) .
vd_alive: bool @index(bool) .
vd_born: datetime @index(year) .
vd_friend: [uid] @reverse @count .
vd_boss: uid @reverse .
vd_loc: geo @index(geo) .
vd_pass: password .
vd_vec: float32vector @index(hnsw(metric:"euclidean")) .
type VdPerson {
  vd_name
  vd_age
  vd_friend
}
"""

FACTS = """
_:a <vd_name> "Ada" .
_:a <vd_name> "Адa"@ru .
_:a <vd_age> "36" .
_:a <vd_alive> "false" .
_:a <vd_height> "1.65" .
_:a <vd_born> "1815-12-10" .
_:a <vd_pass> "secret" .
_:a <dgraph.type> "VdPerson" .
_:b <vd_name> "Ben" .
_:b <vd_age> "41" .
_:b <vd_nick> "bb" .
_:b <dgraph.type> "VdPerson" .
_:c <vd_name> "Cy" .
_:c <vd_age> "36" .
_:a <vd_friend> _:b (since=2006-01-02, close=true) .
_:b <vd_friend> _:c (since=2007-01-02) .
_:c <vd_boss> _:a .
"""
