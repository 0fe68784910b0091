"""The schema and the graph that the script asks about: nodes with uids of their own, $P. before each name."""

SCHEMA = """
$P.name: string @index(exact, term, trigram) @lang .
$P.nick: string @index(hash) .
$P.age: int @index(int) .
$P.height: float @index(float) .
$P.alive: bool @index(bool) .
$P.born: datetime @index(year) .
$P.tags: [string] @index(exact) .
$P.marks: [int] .
$P.friend: [uid] @reverse @count .
$P.boss: uid @reverse .
$P.note: string .
$P.plain: default .
$P.mail: string @index(exact) @upsert .
$P.badge: string @index(exact) @unique .
type $P.Person {
  $P.name
  $P.nick
  $P.age
  $P.height
  $P.born
  $P.friend
  $P.boss
}
type $P.Pet {
  $P.name
  $P.age
}
"""

GRAPH = r"""
<0x2001> <dgraph.type> "$P.Person" .
<0x2001> <$P.name> "Ada Lovelace" .
<0x2001> <$P.name> "Ada auf Deutsch"@de .
<0x2001> <$P.name> "Ada en français"@fr .
<0x2001> <$P.nick> "countess" .
<0x2001> <$P.age> "36" .
<0x2001> <$P.height> "1.65" .
<0x2001> <$P.alive> "false" .
<0x2001> <$P.born> "1815-12-10" .
<0x2001> <$P.tags> "poet" .
<0x2001> <$P.tags> "mathematician" .
<0x2001> <$P.tags> "<&>" .
<0x2001> <$P.marks> "3" .
<0x2001> <$P.marks> "1" .
<0x2001> <$P.friend> <0x2002> (since=1833-06-05T00:00:00Z, close=true, weight=0.9) .
<0x2001> <$P.friend> <0x2003> (since=1834, close=false, weight=0.1, note="a \"b\" <c>") .
<0x2001> <$P.boss> <0x2002> .
<0x2001> <$P.note> "bell \u0007 quote \" slash \\ tab \t" .
<0x2001> <$P.mail> "ada@example.org" .
<0x2002> <dgraph.type> "$P.Person" .
<0x2002> <$P.name> "Charles Babbage" (origin="census") .
<0x2002> <$P.age> "79" .
<0x2002> <$P.height> "1.8" .
<0x2002> <$P.alive> "false" .
<0x2002> <$P.born> "1791-12-26" .
<0x2002> <$P.tags> "engineer" .
<0x2002> <$P.friend> <0x2001> (close=true, weight=0.8) .
<0x2002> <$P.friend> <0x2003> .
<0x2002> <$P.friend> <0x2004> .
<0x2003> <dgraph.type> "$P.Person" .
<0x2003> <$P.name> "Mary Somerville" .
<0x2003> <$P.nick> "queen of science" .
<0x2003> <$P.age> "91" .
<0x2003> <$P.alive> "false" .
<0x2003> <$P.born> "1780-12-26T10:00:00.5+01:00" .
<0x2003> <$P.friend> <0x2001> .
<0x2003> <$P.note> "漢字 🦦" .
<0x2003> <$P.boss> <0x2002> .
<0x2004> <dgraph.type> "$P.Person" .
<0x2004> <dgraph.type> "$P.Pet" .
<0x2004> <$P.name> "Puff"@en .
<0x2004> <$P.name> "Grüße aus Wien"@de .
<0x2004> <$P.age> "36" .
<0x2004> <$P.height> "0.3" .
<0x2004> <$P.alive> "true" .
<0x2005> <dgraph.type> "$P.Pet" .
<0x2005> <$P.name> "ada the cat" .
<0x2005> <$P.age> "7" .
<0x2005> <$P.height> "4e9" .
<0x2005> <$P.plain> "anything" .
<0x2006> <$P.name> "Ada Byron" .
<0x2006> <$P.age> "-9223372036854775808" .
<0x2006> <$P.height> "123456.789" .
"""

AGAIN = "\n".join(f"<0x{uid:x}> * * ." for uid in range(0x2001, 0x2040))
"""Takes what an earlier run left at these nodes' types."""
