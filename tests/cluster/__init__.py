"""Runs on real clusters (``python -m tests.cluster``): PgBouncer, replicas that lag, failover.

``bed``       servers on loopback
``delay``     a line that takes its time
``runs``      what the command runs
"""
