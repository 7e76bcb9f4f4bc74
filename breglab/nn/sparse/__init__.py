"""Training that costs what its support costs: sparse layers in the place of dense ones."""
