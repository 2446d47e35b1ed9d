"""Incidents, their timelines, alerts and routes, by the API."""
