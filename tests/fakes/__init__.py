"""Stand-ins for what is outside: they expect messages, and anything they do not expect fails the test."""
