"""Screens of status pages: the public one, and those of members."""
