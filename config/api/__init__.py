"""The root of the REST API: its addresses, its document, and the nouns that belong to no app."""
