"""What the tokens of a query look like in each mode of the lexer; blanks before a token belong to it.

No pattern gives back what it took, so that hostile text costs no more than its length.
"""

import re

from otterd.dql.broken import IRI

_NAME = r"[A-Za-z_~][A-Za-z0-9_~.]*+"
_STRING = r'"[^"\\]*+(?:\\[uvtbnrf"\'\\][^"\\]*+)*+"'
_TAG = r"(?:[A-Za-z_~*][A-Za-z_~0-9*-]*+)?\.|[A-Za-z_~*][A-Za-z_~0-9*-]*+"
REGEX = re.compile(r"/[^\\/]*+(?:\\.[^\\/]*+)*+/[A-Za-z]*+", re.DOTALL)

# Group 1 is a name, group 2 one character of punctuation, 3 the name after @, 4 an IRI, 5 a
# comparison, 6 a string or a word that begins with a digit, and 7 the rest: a comment, or what has
# no place here. In braces, outside of round brackets, 5, 6 and some of 2 have none either.
INSIDE = re.compile(
    rf"[ \t\r\n]*+(?:({_NAME})|([(),:.$[\]{{}}+*%-])|@({_TAG})"
    rf"|<(?![ \t=])({IRI})>|(<=|<(?=[ \t])|[>!][<>=!]?|=[<>=!])|([0-9][A-Za-z0-9_~.]*+|{_STRING})"
    r"|(#[^\r\n]*+|[\s\S]|\Z))"
)
NAMED = re.compile(f"<({IRI})>")
SCHEMA = re.compile(rf"[ \t\r\n]*+(?:({_NAME})|([{{}}(),:[\]])|<({IRI})>|(#[^\r\n]*+|[\s\S]|\Z))")
TOP = re.compile(r"(?:[^{}#(A-Za-z_~]*+#[^\r\n]*+)*+([^{}#(A-Za-z_~]*+)([A-Za-z_~][A-Za-z0-9_~.]*+|[{}(]|\Z)")
_GAP = r"(?:[ \t\r\n]|#[^\r\n]*+(?:[\r\n]|\Z))*+"
UPSERT = re.compile(rf"{_GAP}(\{{){_GAP}((?:query|mutation|fragment)\b|[{{}}])")
FIRST = re.compile(rf"[ \t\r\n]*+(?:({_NAME})|(#[^\r\n]*+|[\s\S]|\Z))")
