"""The pages of docs/, served inside the product: one source for the repository and for people who are signed in."""
