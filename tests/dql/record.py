"""Ask an alpha about the corpus and keep what it said: `python -m tests.dql.record 127.0.0.1:9080`."""

import json
import sys

from tests.dql.asking import Alpha
from tests.dql.corpus import REFUSALS, documents
from tests.dql.judge import ours


def main(address: str) -> None:
    """Write the refusals of the alpha at `address`."""
    asked = [(text, dict[str, str]()) for text in documents() if not ours(text, {}).unlike]
    with Alpha(address) as alpha:
        refused = {text: verdict.words for (text, _), verdict in alpha.verdicts(asked) if not verdict.taken}
    REFUSALS.write_text(json.dumps(refused, indent=0, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
