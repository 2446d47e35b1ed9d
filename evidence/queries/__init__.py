"""Reads of evidence: the ledger, its seals and packs (`sealed`), the auditor and the outside dead-man (`watch`)."""
