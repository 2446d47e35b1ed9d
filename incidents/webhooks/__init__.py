"""Outgoing webhooks: incident and page changes told to other systems, signed, retried, with a log (docs/webhooks.md)."""
