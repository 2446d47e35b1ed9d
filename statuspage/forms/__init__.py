"""What people write about status pages."""
