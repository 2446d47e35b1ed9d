"""The one door to the network: which addresses our outgoing calls may reach, and a small guarded client."""
