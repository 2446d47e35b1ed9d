"""Forms of policies and of the codes that prove a contact."""
