"""The query engine of a sandbox alpha: from a document and a view of the graph to Dgraph's bytes.

`part.py` is the plan, `run.py` works through it, `variables.py` and `after.py` carry values between its
parts, and `output.py` or `rdf.py` prints what was found.
"""
