"""Requests kept as data, each sent to an alpha and to a sandbox: equal answers, or a clear refusal."""
