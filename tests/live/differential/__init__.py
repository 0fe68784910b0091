"""Requests kept as data, each sent to an alpha and through Otter: the answers must be the same."""

import pytest

pytest.register_assert_rewrite("tests.live.differential.play")
