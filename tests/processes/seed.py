"""The seed of this run's random instants; WATCHBOOK_SEED repeats an earlier run."""

import os
import random

SEED = int(os.environ.get("WATCHBOOK_SEED") or random.SystemRandom().randrange(10**6))
