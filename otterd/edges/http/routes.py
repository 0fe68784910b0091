"""Every path that Otter knows, raw and exact; any other is 404 and never reaches an alpha."""

from dataclasses import dataclass
from enum import Enum, auto

from otterd.core.operation import Purpose


class Kind(Enum):
    """How the requests on a path are answered."""

    DQL = auto()
    """Turned into gRPC where that is faithful."""
    PASSED = auto()
    """Passed through to an alpha's HTTP port."""
    LOCAL = auto()
    """Answered by Otter itself."""


@dataclass(slots=True, frozen=True)
class Route:
    """One path: `name` is for logs and metrics, `purpose` and `writes` for what is passed through."""

    name: str
    kind: Kind
    purpose: Purpose = Purpose.STATE
    writes: bool = False


def _passed(path: str, purpose: Purpose, *, writes: bool) -> tuple[bytes, Route]:
    return path.encode(), Route(path, Kind.PASSED, purpose, writes)


ROUTES: dict[bytes, Route] = dict(
    (
        *((path.encode(), Route(path, Kind.DQL)) for path in ("/query", "/mutate", "/commit", "/login")),
        *(
            (path.encode(), Route(path, Kind.LOCAL))
            for path in (
                "/health",
                "/livez",
                "/readyz",
                "/ratel",
                "/cluster",
                "/validate/dql",
                "/validate/schema",
            )
        ),
        _passed("/alter", Purpose.ALTER, writes=True),
        _passed("/graphql", Purpose.GRAPHQL, writes=True),
        _passed("/admin", Purpose.ADMIN, writes=True),
        _passed("/admin/schema", Purpose.ADMIN, writes=True),
        _passed("/admin/schema/validate", Purpose.ADMIN, writes=False),
        _passed("/admin/shutdown", Purpose.ADMIN, writes=True),
        _passed("/admin/draining", Purpose.ADMIN, writes=True),
        _passed("/admin/config", Purpose.ADMIN, writes=True),
        _passed("/admin/config/cache_mb", Purpose.ADMIN, writes=True),
        _passed("/state", Purpose.STATE, writes=False),
        _passed("/ui/keywords", Purpose.STATE, writes=False),
        _passed("/probe/graphql", Purpose.STATE, writes=False),
    )
)

UNKNOWN = "other"
"""The name of every path that is none of ours."""
