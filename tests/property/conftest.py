"""Property tests give the same examples every time, unless HYPOTHESIS_PROFILE=random asks for new ones."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.configuration import set_hypothesis_home_dir

# Everything made lies in build/. Hypothesis warns of its own folder in the root, and warnings are errors.
set_hypothesis_home_dir(Path(__file__).parents[2] / "build" / "hypothesis")

_quiet = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile(
    "ci", derandomize=True, deadline=None, database=None, max_examples=300, suppress_health_check=_quiet
)
settings.register_profile("random", deadline=None, max_examples=5000, print_blob=True, suppress_health_check=_quiet)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
