"""Lines and columns of many offsets in one text."""


class Places:
    """Lines and columns in one text, cheap as long as the offsets asked for lie near each other."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.line = 1
        self.begin = 0
        """Where the line of `at` begins."""

    def of(self, at: int) -> tuple[int, int]:
        """Return the line (from 1) and column (from 0, in bytes) of the offset `at`."""
        if at >= self.at:
            ends = self.text.count("\n", self.at, at)
            self.line += ends
        else:
            ends = self.text.count("\n", at, self.at)
            self.line -= ends
        if ends:
            self.begin = self.text.rfind("\n", 0, at) + 1
        self.at = at
        piece = self.text[self.begin : at] if at - self.begin < 4096 else ""
        return self.line, len(piece.encode("utf-8", "replace")) if piece else at - self.begin
