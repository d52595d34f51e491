"""Stands before pandas, which tests need and a service does not: pyarrow would import it, with 40 MB of memory."""

raise ImportError("left out of measurements of memory")
