"""What benches measure inside a process that has Django: `python -m bench.inside NAME …`."""
