#!/usr/bin/env python3
"""Start Watchbook from nothing but Python 3.11 or newer: `python3 up.py`.

Makes a virtual environment, installs the locked packages, prepares DATA_DIR, and keeps the web and
the engine process running until Ctrl-C. `python3 up.py install --dev` only installs, tools included.
Standard library only, and readable by old Pythons as far as the sentence that refuses them.
"""

import sys

if sys.version_info < (3, 11):
    sys.exit(
        "Watchbook needs Python 3.11 or newer; this is Python %d.%d. Run it as `python3.12 up.py`, for example."
        % sys.version_info[:2]
    )

from config import bootstrap

if __name__ == "__main__":
    sys.exit(bootstrap.main(sys.argv[1:]))
