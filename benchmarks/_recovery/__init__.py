"""The parts of ``benchmarks/sparse_recovery.py``."""
