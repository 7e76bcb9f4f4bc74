"""Small training runs that the tests share."""

from dataclasses import replace

from breglab.nn.data import Split, load
from breglab.nn.training import Config, Trainer

SMALL = {
    "data": {"batch_size": 64, "validation": 100},
    "model": {"sizes": [64, 24, 10]},
    "initialization": {"density": 0.2},
    "training": {"epochs": 2, "device": "cpu"},
}


def config(**sections):
    """Return a small run with some entries changed, section by section."""
    return Config.from_table(
        {name: {**SMALL.get(name, {}), **sections.get(name, {})} for name in SMALL | sections}
    )


def few(n=300):
    """Return the digits, with fewer images to train with."""
    data = load("digits")
    return replace(data, train=Split(data.train.images[:n], data.train.labels[:n]))


def trained(settings, images=None):
    """Return a trainer that is through."""
    trainer = Trainer(settings, images or few())
    assert trainer.run(lambda: False)
    return trainer
