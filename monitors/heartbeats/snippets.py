"""How a job pings, ready to copy. Standard library only."""

from __future__ import annotations


def snippets(address: str, minute: str = "30 2 * * *") -> list[tuple[str, str]]:
    """(where it is used, what to copy) for an address. minute: the five fields of the line for cron."""
    return [
        ("curl", f"curl -fsS -m 10 --retry 5 -o /dev/null {address}"),
        ("cron", f"{minute} /usr/local/bin/backup.sh && curl -fsS -m 10 --retry 5 -o /dev/null {address}"),
        (
            "shell, with start, exit status and output",
            f"curl -fsS -m 10 {address}/start\nout=$(/usr/local/bin/backup.sh 2>&1); status=$?\n"
            f'curl -fsS -m 10 --retry 5 --data-raw "$out" {address}/$status',
        ),
        (
            "PowerShell",
            f"Invoke-RestMethod -Uri {address} -TimeoutSec 10 -MaximumRetryCount 5 -RetryIntervalSec 2",
        ),
        ("Python", f'from urllib.request import urlopen\n\nurlopen("{address}", timeout=10).close()'),
    ]
