"""From what people type to what `monitors.kinds` reads: a bare host, header lines. Standard library only."""


def with_scheme(text: str) -> str:
    """The address as pasted, with `https://` before a bare `shop.example.com/health`."""
    url = text.strip()
    return f"https://{url}" if url and "://" not in url else url


def read_header_lines(text: str) -> dict[str, str]:
    """`Name: value` lines to a dict. Raises ValueError naming the line that cannot be read."""
    headers: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise ValueError(f"Line {number} is not a header. Write one a line, as in X-Api-Key: abc.")
        headers[name.strip()] = value.strip()
    return headers


def write_header_lines(headers: dict[str, str]) -> str:
    """The other way round."""
    return "\n".join(f"{name}: {value}" for name, value in headers.items())
