"""Pages of people, teams, tokens and the organisation."""
