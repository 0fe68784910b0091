"""N-Quads out of the grammar, good and almost good, always the same for one seed."""

from collections.abc import Iterator
from random import Random

from tests.live.mangled import mangled

MARKS = "<>\"\\_:@^*().,=#{}[]|`- \t\r\n0uvax\u00e9\u00b7\u200c\u4e2d\U0001f600\x00\x0b~%'"

SUBJECTS = [
    "_:a",
    "_:b.c",
    "_:1",
    "<0x1>",
    "<1>",
    "<_:n>",
    "uid(v)",
    "uid( v )",
    "*",
    "<a/b#c>",
    "_:\u00e9-x",
    "<\\u00e9>",
    "val(v)",
]
PREDICATES = [
    "<name>",
    "<name@en>",
    "<dgraph.type>",
    "<http://a.b/c>",
    "*",
    "<~p>",
    "<a-b>",
    "<\u00e9>",
    "<a@>",
    "<@a>",
]
OBJECTS = ["_:o", "<0x2>", "<x>", "uid(w)", "val(w)", "*", "<0>"]
TEXTS = [
    "",
    "x",
    "a b",
    "\\n\\t",
    'q\\"q',
    "\\u00e9",
    "\\U0001f600",
    "\\x41",
    "\\xff",
    "\u00e9\u4e2d",
    "\\\\",
    "_STAR_ALL",
    "\\'",
    "\\ud800",
    "\\v",
    "}",
    "#",
    "\\u12",
]
TYPES = {
    "xs:int": ["1", "-7", "+3", "007", "1.0", "x", "9223372036854775808", "0x1", "1_0", " 1"],
    "xs:integer": ["1"],
    "xs:positiveInteger": ["-1"],
    "xs:float": ["1.5", "1e400", "NaN", "inf", "0x1p-2", "1_0.5", ".5", "5.", "1e", "-Infinity", "0x1"],
    "xs:double": ["1"],
    "xs:boolean": ["true", "T", "yes", "0", "TRUE", "tRue"],
    "xs:dateTime": [
        "2006-01-02T15:04:05Z",
        "2006",
        "2006-01",
        "2006-13",
        "2006-02-30",
        "2006-01-02T15:04:05",
        "2006-01-02T15:04:05.123+07:00",
        "2006-01-02T25:04:05Z",
        "2006-01-02T5:04:05Z",
        "2006-01-02 15:04:05 +0100 CET",
        "2006-01-02T15:04:05,5",
        "0000-01-01",
        "2006-01-02T15:04:05+24:00",
        "2006-01-02T15:04:05+25:00",
        "2006-01-02t15:04:05Z",
        "2006-01-02T15:04:60Z",
        "2004-02-29",
        "2100-02-29",
    ],
    "xs:date": ["2006-01-02"],
    "xs:string": ["x", ""],
    "xs:password": ["secret", "x"],
    "xs:base64Binary": ["YQ==", "no"],
    "xs:decimal": [
        "1",
        "1e5",
        "0x1p5",
        "Inf",
        "infinity",
        "NaN",
        "1.2.3",
        "1p3",
        "0b11",
        "0o17",
        "08",
        "1_0",
    ],
    "xs:[]float32": [
        "[1, 2]",
        "[1 2]",
        "1 2",
        "[]",
        "[1,]",
        "[1]]",
        " ",
        "[1e39]",
        "[nan]",
        "[1\\t2]",
        "[,]",
    ],
    "geo:geojson": [
        "{'type':'Point','coordinates':[1,2]}",
        "{'type':'Point','coordinates':[1]}",
        "{'type':'Point','coordinates':[1,2,3,4,5]}",
        "{'type':'Point','coordinates':[]}",
        "{'type':'Point'}",
        "{'type':'Polygon','coordinates':[[[0,0],[1,0],[1,1],[0,0]]]}",
        "{'type':'Polygon','coordinates':[[0,0]]}",
        "{'type':'LineString','coordinates':[[0,0],[1,1,1]]}",
        "{'type':'LineString','coordinates':[]}",
        "{'type':'MultiPolygon','coordinates':[[[[0,0],[1,0],[1,1],[0,0]]]]}",
        "{'type':'MultiPoint','coordinates':[[0,0]]}",
        "{'type':'GeometryCollection','geometries':[]}",
        "{'type':'GeometryCollection','geometries':[{'type':'Point','coordinates':[1,2]}]}",
        "{'type':'GeometryCollection','geometries':[{'type':'Point','coordinates':[1]}]}",
        "{'type':'GeometryCollection'}",
        "{'type':'GeometryCollection','geometries':7}",
        "{'type':'LineString','coordinates':[[]]}",
        "{'type':'LineString','coordinates':null}",
        "{'type':'Polygon','coordinates':[[],[[1,2]]]}",
        "{'type':'MultiPoint','coordinates':[null,[1,2]]}",
        "{'type':null,'coordinates':[1,2]}",
        "{'type':'Circle','coordinates':[1,2]}",
        "{'TYPE':'Point','Coordinates':[1,2]}",
        "{'type':'Point','coordinates':[null,2]}",
        "{'type':'Point','coordinates':[1,'2']}",
        "[1,2]",
        "x",
    ],
    "xs:odd": ["1"],
    "http://www.w3.org/2001/XMLSchema#int": ["1"],
    "http://www.w3.org/2001/XMLSchema#gYear": ["2006", "20"],
}
FACETS = [
    "a=1",
    "b=2.5",
    "c=true",
    "d=",
    "e=2006-01-02",
    'f="x y"',
    'g="q\\"q"',
    "h=abc",
    "i=0x1F",
    "j=1_0",
    "k=NaN",
    "l=9223372036854775808",
    "m=1e400",
    "n",
    "=1",
    "o~=1",
    "p p=1",
    'q="x',
    "r=inf",
    "s=08",
    "t=1_0.5",
    'u="\\\'"',
    "v=\u0661",
]
LABELS = ["<0x1>", "<7>", "<x>", "_:l", "<-1>", "<>"]


def documents(seed: int, count: int) -> Iterator[str]:
    """Yield `count` texts of N-Quads."""
    random = Random(seed)
    for _ in range(count):
        text = "\n".join(_line(random) for _ in range(random.choice((1, 1, 1, 2, 3))))
        yield mangled(random, text, MARKS) if random.random() < 0.55 else text


def _line(random: Random) -> str:
    chance = random.random()
    if chance < 0.03:
        return random.choice(("", "  ", "# a comment", "\t# \u00e9 }"))
    parts = [random.choice(SUBJECTS), random.choice(PREDICATES), _object(random)]
    if random.random() < 0.1:
        parts.append(random.choice(LABELS))
    if random.random() < 0.25:
        facets = random.sample(FACETS, random.choice((1, 1, 2)))
        parts.append("(" + random.choice((", ", ",", " , ")).join(facets) + ")")
    parts.append(".")
    gap = random.choice((" ", " ", " ", "\t", "  "))
    return gap.join(parts) + random.choice(("", "", "", " ", " # end", "\r"))


def _object(random: Random) -> str:
    chance = random.random()
    if chance < 0.35:
        return random.choice(OBJECTS)
    if chance < 0.7:
        kind = random.choice(list(TYPES))
        return f'"{random.choice(TYPES[kind])}"^^<{kind}>'
    return f'"{random.choice(TEXTS)}"' + random.choice(("", "", "@en", "@zh-Hans", "@e-", "@", "@1"))
