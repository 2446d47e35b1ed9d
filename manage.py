#!/usr/bin/env python
"""Django's command line with Watchbook's settings."""

import os
import sys

from django.core.management import execute_from_command_line

from config.env import SettingError


def main() -> None:
    """Run the management command named in the arguments; a setting that cannot be used ends in one sentence."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        execute_from_command_line(sys.argv)
    except SettingError as error:
        sys.exit(f"Watchbook cannot start: {error}")


if __name__ == "__main__":
    main()
