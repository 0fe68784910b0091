"""The way out to Dgraph."""

import os

# gRPC reads this when it is first imported. Its own lines on stderr are not in our format, and what
# they tell comes back as the reason of a failure.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
