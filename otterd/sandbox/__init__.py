"""In-memory alphas: a cluster that needs nothing but Python, for trying Otter out and for its tests.

What a real cluster would do and this one cannot it refuses (`unsupported`); it never answers wrongly.
"""
