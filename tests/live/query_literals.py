"""The graph that made queries ask about, and literals and functions that fit its schema."""

from collections.abc import Callable
from random import Random

SCHEMA = """
sd_name: string @index(exact, term, trigram, fulltext) @lang .
sd_nick: [string] @index(hash) .
sd_age: int @index(int) .
sd_height: float @index(float) .
sd_alive: bool @index(bool) .
sd_born: datetime @index(year) .
sd_friend: [uid] @reverse @count .
sd_boss: uid @reverse @count .
sd_loc: geo @index(geo) .
sd_pass: password .
sd_vec: float32vector @index(hnsw(metric:"euclidean")) .
sd-dash: int @index(int) .
sd.dot: string @index(exact) .
<sd/é>: string @index(exact) .
<7>: int @index(int) .
<8>: int @index(int) .
type SdPerson {
  sd_name
  sd_age
  sd_friend
  <sd/é>
}
type SdPet {
  sd_name
  <7>
}
"""

FACTS = "\n".join(
    [
        f'_:n{i} <sd_name> "{name}" .\n_:n{i} <sd_name> "{name}i"@en .\n_:n{i} <sd_age> "{36 + i % 3}" .\n'
        f'_:n{i} <sd_nick> "{name[0]}" .\n_:n{i} <sd_height> "1.{i}" .\n_:n{i} <sd_alive> "{"ft"[i % 2]}" .\n'
        f'_:n{i} <sd_born> "18{i}5-02-03" .\n_:n{i} <sd_pass> "secret" .\n_:n{i} <sd_vec> "[{i}, 1]" .\n'
        f'_:n{i} <sd-dash> "{i}" .\n_:n{i} <sd.dot> "{name}" .\n_:n{i} <sd/é> "{name}" .\n'
        f'_:n{i} <7> "{i}" .\n_:n{i} <8> "{i}" .\n_:n{i} <dgraph.type> "{("SdPerson", "SdPet")[i % 2]}" .\n'
        f"_:n{i} <sd_loc> \"{{'type':'Point','coordinates':[{i},{i}]}}\"^^<geo:geojson> .\n"
        f"_:n{i} <sd_friend> _:n{(i + 1) % 5} (since={2001 + i}, close={('true', 'false')[i % 2]}) .\n"
        f"_:n{i} <sd_friend> _:n{(i + 2) % 5} (since={2011 - i}) .\n_:n{i} <sd_boss> _:n{i // 2} .\n"
        for i, name in enumerate(("Ada", "Ben", "Cy", "Dora", "Eve"))
    ]
)

NUMBERS = ("sd_age", "sd-dash", "<7>", "<8>", "<sd_age>", "sd_height")
SCALARS = (*NUMBERS, "sd_name", "sd_nick", "sd_alive", "sd_born", "sd.dot", "<sd/é>", "sd_loc", "sd_none")
EDGES = ("sd_friend", "sd_boss", "~sd_friend", "~sd_boss", "<sd_friend>")
SORTED = ("sd_name", "sd_age", "sd_height", "sd_born", "sd-dash", "sd.dot", "<sd/é>", "<7>", "sd_name@en")


class Literals:
    """Values by chance; whatever they are, the text around them may be the same."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance

    def name(self) -> str:
        """Return a string, with quotes."""
        return self._chance.choice(
            ('"Ada"', '"Ben"', '"Cy"', '"Adai"', '"D"', '"a\\"b{#"', '"\\u00e9"', '"sd_age"', '""')
        )

    def whole(self) -> str:
        """Return a whole number."""
        return self._chance.choice(("0", "1", "2", "36", "37", "38", "100"))

    def few(self) -> str:
        """Return a small number above zero."""
        return self._chance.choice(("1", "2", "3", "4"))

    def real(self) -> str:
        """Return a number with a point."""
        return self._chance.choice(("1.0", "1.25", "0.5", "7.75"))

    def uid(self) -> str:
        """Return the uid of a node."""
        return self._chance.choice(("0x1", "2", "3", "0x4", "0x05", "6"))

    def regex(self) -> str:
        """Return a regular expression with three letters in a row."""
        return self._chance.choice(("/Ada/", "/^Ada.*/i", "/Dor[a-z]/", '/Ben"#/', "/Eve\\/x/"))

    def moment(self) -> str:
        """Return a year or a date, with quotes."""
        return self._chance.choice(('"1805"', '"1825-02-03"', '"1900-01-01T00:00:00Z"'))

    def truth(self) -> str:
        """Return true or false."""
        return self._chance.choice(("true", "false"))

    def vector(self) -> str:
        """Return a vector, with quotes."""
        return f'"[{self.few()}.5, 1]"'

    def predicate(self) -> str:
        """Return a predicate for a variable to hold."""
        return self._chance.choice(("sd_name", "sd_age", "sd.dot", "sd-dash", "7", "8"))


def comparisons(literals: Literals, word: str, edge: str, number: str) -> list[Callable[[], str]]:
    """Return functions for a root or a filter: `word` compares, `edge` leads on, `number` is compared."""
    some = literals
    return [
        lambda: f"{word}(sd_name, {some.name()})",
        lambda: f"{word}(sd_name@en, {some.name()})",
        lambda: f"{word}({number}, {some.whole()})",
        lambda: f"eq(sd_age, [{some.whole()}, {some.whole()}, {some.whole()}])",
        lambda: f"between({number}, {some.few()}, {some.whole()})",
        lambda: f"eq(sd_alive, {some.truth()})",
        lambda: f"{word}(sd_born, {some.moment()})",
        lambda: f"eq(sd_nick, {some.name()})",
        lambda: f"{word}(<sd/é>, {some.name()})",
        lambda: f"{word}(sd.dot, {some.name()})",
        lambda: f"gt(count({edge}), {some.few()})",
        lambda: f"le(count(sd_friend), {some.few()})",
        lambda: f"has({edge})",
        lambda: "has(sd_pass)",
        lambda: "has(7)",
        lambda: "has(sd_name@en)",
        lambda: f"type({('SdPerson', 'SdPet', '<SdPerson>')[len(edge) % 3]})",
        lambda: f"anyofterms(sd_name, {some.name()})",
        lambda: f"allofterms(sd_name@en, {some.name()})",
        lambda: f"alloftext(sd_name, {some.name()})",
        lambda: f"regexp(sd_name, {some.regex()})",
        lambda: f"near(sd_loc, [{some.real()}, {some.whole()}], {some.few()}00000)",
        lambda: f"within(sd_loc, [[[0.0, 0], [{some.few()}, 0], [{some.few()}, 9], [0.0, 0]]])",
        lambda: f"uid({some.uid()}, {some.uid()})",
    ]
