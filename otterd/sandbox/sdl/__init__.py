"""GraphQL's language of schemas, as far as the sandbox takes it: read, judged, and turned into DQL."""
