"""Policies, the catch-all, runs and pages, by the API."""
