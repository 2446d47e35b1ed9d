"""The REST API of evidence."""
