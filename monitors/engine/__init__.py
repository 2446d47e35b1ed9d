"""The check engine: ticks claim slots into plans, the prober runs them, hand-overs judge and store results."""
