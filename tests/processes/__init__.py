"""The product as it is run: real processes, a real mail server, a Twilio of ours that signs. docs/reliability.md."""
