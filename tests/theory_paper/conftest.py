"""Small noise-free and noisy runs, executed once for all tests of the paper's rows."""

from __future__ import annotations

import pytest

from breglab.theory import Run, common_instances, execute


@pytest.fixture(scope="session")
def quadratic_runs() -> tuple[Run, ...]:
    return tuple(execute(i) for i in common_instances() if i.name.startswith("quadratic"))
