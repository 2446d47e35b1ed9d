"""A year of a company that does not exist, lived through the services of this house with a moved clock (docs/demo.md)."""
