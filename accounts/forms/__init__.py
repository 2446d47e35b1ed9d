"""Forms of people pages, and the fields every app's forms share."""
