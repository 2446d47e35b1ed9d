"""Systems, services, monitors and what was observed of them, by the API."""
