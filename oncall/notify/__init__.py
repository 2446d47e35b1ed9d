"""The paging ledger: pages, attempts, callbacks, and the channels that carry them."""
