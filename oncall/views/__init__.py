"""Pages of policies, the catch-all, and the proving of contacts."""
