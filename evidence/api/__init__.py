"""The API of evidence."""
