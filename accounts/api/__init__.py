"""The frame of the REST API, and the nouns of accounts in it. Apps above build on the frame; docs/api.md."""
