"""What is wrong with a configuration, in one line."""


class ConfigError(Exception):
    """A configuration that cannot be used; its text names the source, the key and what was expected.

    `where` is the file, or "environment"; `key` is empty when the source as a whole is at fault.
    The text is one line and never holds the value of a secret.
    """

    def __init__(self, where: str, key: str, problem: str) -> None:
        line = ": ".join(part for part in (where, key, problem) if part)
        super().__init__(" ".join(line.split()))
        self.where = where
        self.key = key


class KeyProblem(Exception):
    """What is wrong with the value of `key`, before it is known where that came from."""

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(problem)
        self.key = key
        self.problem = problem
