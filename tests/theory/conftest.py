"""One set of instances for the tests of the theory room."""

from __future__ import annotations

import pytest

from breglab.theory import Instance, common_instances


@pytest.fixture(scope="session")
def instances() -> dict[str, Instance]:
    return {instance.name: instance for instance in common_instances()}


@pytest.fixture(scope="session")
def convex(instances: dict[str, Instance]) -> list[Instance]:
    return [instance for name, instance in instances.items() if name.startswith("quadratic")]
