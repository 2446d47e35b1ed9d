"""The API of status pages."""
