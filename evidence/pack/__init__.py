"""Evidence packs: which tables, how they are written, and how an outsider checks them."""
