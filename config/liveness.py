"""Names under which the engine leaves its signs of life. Standard library only.

ENGINE and WATCHDOG tick; `step:claim` is a step that went well, `failed:claim` one that raised.
"""

from __future__ import annotations

ENGINE = "engine"
WATCHDOG = "watchdog"
STEP = "step:"
FAILED = "failed:"
