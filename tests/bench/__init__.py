"""What requests cost: commands that print tables of figures; see docs/performance.md."""
