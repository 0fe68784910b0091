"""A small graph of facts that everybody may use: planets and moons, a few elements, and who found them."""

from __future__ import annotations

from collections.abc import Iterator

Names = tuple[str, ...]

SCHEMA = """\
name: string @index(exact, term, trigram) @lang .
symbol: string @index(exact) .
radius: float @index(float) .
atomic_number: int @index(int) .
year: int @index(int) .
born: datetime @index(year) .
orbits: uid @reverse .
discovered_by: [uid] @reverse @count .

type Planet {
  name
  radius
  year
  discovered_by
}
type Moon {
  name
  radius
  orbits
  year
  discovered_by
}
type Element {
  name
  symbol
  atomic_number
  year
  discovered_by
}
type Person {
  name
  born
}
"""

# Name and day of birth.
PEOPLE = (
    ("Galileo Galilei", "1564-02-15"),
    ("Giovanni Domenico Cassini", "1625-06-08"),
    ("Christiaan Huygens", "1629-04-14"),
    ("Henry Cavendish", "1731-10-10"),
    ("Joseph Priestley", "1733-03-24"),
    ("William Herschel", "1738-11-15"),
    ("Carl Wilhelm Scheele", "1742-12-09"),
    ("Daniel Rutherford", "1749-11-03"),
    ("Humphry Davy", "1778-12-17"),
    ("William Cranch Bond", "1789-09-09"),
    ("William Lassell", "1799-06-18"),
    ("Johann Gottfried Galle", "1812-06-09"),
    ("Asaph Hall", "1829-10-15"),
    ("William Ramsay", "1852-10-02"),
    ("Edward Emerson Barnard", "1857-12-16"),
    ("Pierre Curie", "1859-05-15"),
    ("Marie Curie", "1867-11-07"),
    ("Morris Travers", "1872-01-24"),
    ("Gerard Kuiper", "1905-12-07"),
)

# Name, mean radius in km, and for those that were not always known: year and discoverers.
PLANETS: tuple[tuple[str, float, int, Names], ...] = (
    ("Mercury", 2439.7, 0, ()),
    ("Venus", 6051.8, 0, ()),
    ("Earth", 6371.0, 0, ()),
    ("Mars", 3389.5, 0, ()),
    ("Jupiter", 69911.0, 0, ()),
    ("Saturn", 58232.0, 0, ()),
    ("Uranus", 25362.0, 1781, ("William Herschel",)),
    ("Neptune", 24622.0, 1846, ("Johann Gottfried Galle",)),
)

# Name, planet, mean radius in km, year and discoverers.
MOONS: tuple[tuple[str, str, float, int, Names], ...] = (
    ("Moon", "Earth", 1737.4, 0, ()),
    ("Phobos", "Mars", 11.3, 1877, ("Asaph Hall",)),
    ("Deimos", "Mars", 6.2, 1877, ("Asaph Hall",)),
    ("Io", "Jupiter", 1821.6, 1610, ("Galileo Galilei",)),
    ("Europa", "Jupiter", 1560.8, 1610, ("Galileo Galilei",)),
    ("Ganymede", "Jupiter", 2634.1, 1610, ("Galileo Galilei",)),
    ("Callisto", "Jupiter", 2410.3, 1610, ("Galileo Galilei",)),
    ("Amalthea", "Jupiter", 83.5, 1892, ("Edward Emerson Barnard",)),
    ("Titan", "Saturn", 2574.7, 1655, ("Christiaan Huygens",)),
    ("Iapetus", "Saturn", 734.5, 1671, ("Giovanni Domenico Cassini",)),
    ("Rhea", "Saturn", 763.8, 1672, ("Giovanni Domenico Cassini",)),
    ("Tethys", "Saturn", 531.1, 1684, ("Giovanni Domenico Cassini",)),
    ("Dione", "Saturn", 561.4, 1684, ("Giovanni Domenico Cassini",)),
    ("Mimas", "Saturn", 198.2, 1789, ("William Herschel",)),
    ("Enceladus", "Saturn", 252.1, 1789, ("William Herschel",)),
    ("Hyperion", "Saturn", 135.0, 1848, ("William Cranch Bond", "William Lassell")),
    ("Titania", "Uranus", 788.4, 1787, ("William Herschel",)),
    ("Oberon", "Uranus", 761.4, 1787, ("William Herschel",)),
    ("Ariel", "Uranus", 578.9, 1851, ("William Lassell",)),
    ("Umbriel", "Uranus", 584.7, 1851, ("William Lassell",)),
    ("Miranda", "Uranus", 235.8, 1948, ("Gerard Kuiper",)),
    ("Triton", "Neptune", 1353.4, 1846, ("William Lassell",)),
    ("Nereid", "Neptune", 170.0, 1949, ("Gerard Kuiper",)),
)

# Name, symbol, atomic number, year and discoverers.
ELEMENTS: tuple[tuple[str, str, int, int, Names], ...] = (
    ("Hydrogen", "H", 1, 1766, ("Henry Cavendish",)),
    ("Nitrogen", "N", 7, 1772, ("Daniel Rutherford",)),
    ("Oxygen", "O", 8, 1774, ("Joseph Priestley", "Carl Wilhelm Scheele")),
    ("Neon", "Ne", 10, 1898, ("William Ramsay", "Morris Travers")),
    ("Sodium", "Na", 11, 1807, ("Humphry Davy",)),
    ("Chlorine", "Cl", 17, 1774, ("Carl Wilhelm Scheele",)),
    ("Potassium", "K", 19, 1807, ("Humphry Davy",)),
    ("Krypton", "Kr", 36, 1898, ("William Ramsay", "Morris Travers")),
    ("Xenon", "Xe", 54, 1898, ("William Ramsay", "Morris Travers")),
    ("Polonium", "Po", 84, 1898, ("Marie Curie", "Pierre Curie")),
    ("Radium", "Ra", 88, 1898, ("Marie Curie", "Pierre Curie")),
)

GERMAN = {
    "Mercury": "Merkur",
    "Earth": "Erde",
    "Moon": "Mond",
    "Hydrogen": "Wasserstoff",
    "Nitrogen": "Stickstoff",
    "Oxygen": "Sauerstoff",
    "Sodium": "Natrium",
    "Potassium": "Kalium",
}


def nquads() -> str:
    """Return the whole graph."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    for name, born in PEOPLE:
        yield from _node("Person", name)
        yield f'{_blank(name)} <born> "{born}" .'
    for name, radius, year, finders in PLANETS:
        yield from _node("Planet", name)
        yield f'{_blank(name)} <radius> "{radius}" .'
        yield from _found(name, year, finders)
    for name, planet, radius, year, finders in MOONS:
        yield from _node("Moon", name)
        yield f'{_blank(name)} <radius> "{radius}" .'
        yield f"{_blank(name)} <orbits> {_blank(planet)} ."
        yield from _found(name, year, finders)
    for name, symbol, number, year, finders in ELEMENTS:
        yield from _node("Element", name)
        yield f'{_blank(name)} <symbol> "{symbol}" .'
        yield f'{_blank(name)} <atomic_number> "{number}" .'
        yield from _found(name, year, finders)


def _node(kind: str, name: str) -> Iterator[str]:
    yield f'{_blank(name)} <dgraph.type> "{kind}" .'
    yield f'{_blank(name)} <name> "{name}" .'
    if name in GERMAN:
        yield f'{_blank(name)} <name> "{GERMAN[name]}"@de .'


def _found(name: str, year: int, finders: Names) -> Iterator[str]:
    if year:
        yield f'{_blank(name)} <year> "{year}" .'
    for finder in finders:
        yield f"{_blank(name)} <discovered_by> {_blank(finder)} ."


def _blank(name: str) -> str:
    return "_:" + name.lower().replace(" ", "-")
