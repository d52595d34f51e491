"""The tests mirror the package; commands that take long (soaks, benchmarks) are in ``soak`` and ``bench``."""
